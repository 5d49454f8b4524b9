type Env = Readonly<Record<string, string | undefined>>

/**
 * What runs when no config file is given: this host and whatever sends OTLP here. Metrics are shown to Prometheus. Traces and
 * logs go where OTEL_EXPORTER_OTLP_ENDPOINT says, by OTEL_EXPORTER_OTLP_PROTOCOL and with OTEL_EXPORTER_OTLP_HEADERS
 * (opentelemetry.io/docs/specs/otel/protocol/exporter); without it they are written to the log.
 */
export function defaultConfig(env: Env): string {
  const forward = env.OTEL_EXPORTER_OTLP_ENDPOINT ? otlpExporter(env) : { id: 'debug', text: '  debug:\n' }
  return `# Watches this host, takes OTLP, and shows the metrics of both at http://127.0.0.1:9464/metrics.
receivers:
  node:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:4317
      http:
        endpoint: 127.0.0.1:4318

exporters:
  prometheus:
    endpoint: 127.0.0.1:9464
${forward.text}
service:
  pipelines:
    metrics:
      receivers: [node, otlp]
      exporters: [prometheus]
    traces:
      receivers: [otlp]
      exporters: [${forward.id}]
    logs:
      receivers: [otlp]
      exporters: [${forward.id}]
`
}

function otlpExporter(env: Env): { id: string; text: string } {
  const id = env.OTEL_EXPORTER_OTLP_PROTOCOL === 'grpc' ? 'otlp_grpc' : 'otlp_http'
  const lines = [`  ${id}:`, '    endpoint: ${env:OTEL_EXPORTER_OTLP_ENDPOINT}']
  const headers = parseHeaders(env.OTEL_EXPORTER_OTLP_HEADERS ?? '')
  if (headers.length > 0)
    lines.push('    headers:', ...headers.map(([name, value]) => `      ${quote(name)}: ${quote(value)}`))
  return { id, text: `${lines.join('\n')}\n` }
}

/** `name=value,name=value`, values percent-encoded, as the W3C Baggage format has them. What is no pair is left out. */
function parseHeaders(text: string): [string, string][] {
  return text.split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=')
    return at > 0 ? [[pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim())]] : []
  })
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** A YAML scalar in which nothing is expanded. */
const quote = (text: string): string => JSON.stringify(text.replaceAll('$', '$$$$'))
