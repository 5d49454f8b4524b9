import type { ExporterDefinition, Registry } from '../src/component/define.ts'

/** Every exporter, one line each: its type, and where its code is loaded from when a config needs it. */
export const exporters: Registry<ExporterDefinition> = {
  debug: async () => (await import('./debug/exporter.ts')).debug,
  file: async () => (await import('./file/exporter.ts')).file,
  nop: async () => (await import('./nop/exporter.ts')).nop,
  otlp_grpc: async () => (await import('./otlp_grpc/exporter.ts')).otlpGrpc,
  otlp_http: async () => (await import('./otlp_http/exporter.ts')).otlpHttp,
  prometheus: async () => (await import('./prometheus/exporter.ts')).prometheus,
}
