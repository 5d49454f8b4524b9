import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { defaultConfig } from './default_config.ts'

describe('the default config', () => {
  test('takes OTLP on loopback and writes traces and logs to the log', () => {
    const { receivers, exporters, service } = parse(defaultConfig({}))
    expect(receivers.otlp.protocols).toEqual({
      grpc: { endpoint: '127.0.0.1:4317' },
      http: { endpoint: '127.0.0.1:4318' },
    })
    expect(Object.keys(exporters)).toEqual(['prometheus', 'debug'])
    expect(service.pipelines.metrics).toEqual({ receivers: ['node', 'otlp'], exporters: ['prometheus'] })
    expect([service.pipelines.traces.exporters, service.pipelines.logs.exporters]).toEqual([['debug'], ['debug']])
  })

  test.each([
    [undefined, 'otlp_http'],
    ['http/protobuf', 'otlp_http'],
    ['grpc', 'otlp_grpc'],
  ])('forwards to the endpoint of the environment, by protocol %s with %s', (protocol, id) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_EXPORTER_OTLP_PROTOCOL: protocol }
    const { exporters, service } = parse(defaultConfig(env))
    expect(exporters[id]).toEqual({ endpoint: '${env:OTEL_EXPORTER_OTLP_ENDPOINT}' })
    expect(service.pipelines.traces.exporters).toEqual([id])
  })

  test('passes the headers of the environment on, decoded, with nothing in them expanded', () => {
    const OTEL_EXPORTER_OTLP_HEADERS = 'api-key=a%20b, x="q${HOME}",nonsense'
    const { exporters } = parse(defaultConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS }))
    expect(exporters.otlp_http.headers).toEqual({ 'api-key': 'a b', x: '"q$${HOME}"' })
  })
})
