import type { ExporterDefinition } from '../src/component/define.ts'

/** Every exporter: one line each. */
export const exporters: readonly ExporterDefinition[] = []
