import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import type { Signal } from '../../src/component/types.ts'
import { peer } from '../peers/peers.ts'
import { firstDifference, Schema } from '../support/otlp/schema.ts'
import { FORM, throughReceiver } from '../support/otlp/through_receiver.ts'
import { describeWith } from '../support/servers/requires.ts'

const ITEMS = 1000
const TRACE_ID = 'ae87dadd90e9935a4bc9660628efd569'
const ATTRIBUTES = [
  '--otlp-attributes=deployment="blue"',
  '--otlp-attributes=replicas=3',
  '--telemetry-attributes=text="värde"',
  '--telemetry-attributes=yes=true',
  '--telemetry-attributes=whole=17',
  '--telemetry-attributes=list=["a","b"]',
]
const metrics = (type: string, ...more: string[]) =>
  ['metrics', '--metrics', '1000', '--metric-type', type, '--trace-id', TRACE_ID, ...more] as const
const RUNS: Record<string, readonly [Signal, ...string[]]> = {
  spans: ['traces', '--traces', '500', '--child-spans', '1', '--span-links', '2', '--status-code', 'Error'],
  logs: [
    'logs',
    '--logs',
    '1000',
    '--trace-id',
    TRACE_ID,
    '--span-id',
    '5828fa4960140870',
    '--severity-text',
    'Warn',
    '--severity-number',
    '13',
  ],
  gauges: metrics('Gauge'),
  sums: metrics('Sum', '--aggregation-temporality', 'delta'),
  histograms: metrics('Histogram', '--aggregation-temporality', 'cumulative'),
  'exponential histograms': metrics('ExponentialHistogram', '--aggregation-temporality', 'delta'),
}
const cells = Object.keys(RUNS).flatMap(items =>
  (['grpc', 'http/protobuf'] as const).map(transport => ({ items, transport })),
)

describeWith(['OpenTelemetry for Python', 'telemetrygen'], 'telemetrygen with the OpenTelemetry SDK for Go', () => {
  let schema: Schema
  let telemetrygen: string
  beforeAll(async () => {
    schema = await Schema.load()
    telemetrygen = (await peer('telemetrygen')).path
  })

  test.each(cells)('sends 1,000 $items by $transport, and each field arrives', async ({ items, transport }) => {
    const [signal, ...args] = RUNS[items]
    const send = (port: number) => {
      const how = [
        '--otlp-endpoint',
        `127.0.0.1:${port}`,
        '--otlp-insecure',
        ...(transport === 'grpc' ? [] : ['--otlp-http']),
      ]
      return promisify(execFile)(telemetrygen, [signal, ...args, ...how, ...ATTRIBUTES, '--rate', '0'])
    }
    const { sent, received, forms, refusals } = await throughReceiver(schema, signal, transport, send)
    expect([sent.length, forms, refusals]).toEqual([ITEMS, [FORM[transport]], {}])
    expect(firstDifference(received, sent)).toBeUndefined()
  })
})
