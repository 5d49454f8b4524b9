import { encodeAttributes } from '../../src/telemetry/attributes.ts'
import { counter, gauge, histogram, summary, untyped } from '../../src/telemetry/metrics/descriptor.ts'
import type { Exemplar } from '../../src/telemetry/metrics/values.ts'
import { NO_SCOPE, resourceOf } from '../../src/telemetry/resource.ts'
import type { TestPoint } from './prometheus_exporter.ts'

const TIME_MS = 1_750_000_000_123
const START_MS = 1_749_999_000_001

const resource = resourceOf({ 'service.name': 'shop', 'service.instance.id': 'a-1', 'host.name': 'h "1"\n\\' })
const scope = { ...NO_SCOPE, name: 'io.example', version: '1.0', attributes: encodeAttributes([['kind', 'test']]) }
const exemplar: Exemplar = {
  timeUnixNano: 1_750_000_000_123_456_789n,
  value: 0.7,
  attributes: encodeAttributes([['user.id', 'ü1']]),
  traceId: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
  spanId: Uint8Array.from({ length: 8 }, (_, i) => i + 1),
}
const VALUES = [0, -0, 1, -1.5, 1e6, 123456789, 0.1 + 0.2, 5e-324, 1e300, Number.NaN, Infinity, -Infinity]

/** What a page may hold, with nothing that a linter would complain about: every type, odd texts, odd numbers. */
export function everythingExposed(): TestPoint[] {
  const odd = gauge('test_odd_celsius', 'A "help" with \\ and\na second line.')
  const exponential = { ...histogram('test_native_seconds', 'Native.'), kind: 'exponential_histogram' as const }
  const buckets = { bounds: Float64Array.of(0.005, 0.5, 1, 10), counts: Float64Array.of(1, 2, 3, 4, 5) }
  const points: TestPoint[] = [
    ...VALUES.map((value, i) => ({
      metric: odd,
      labels: { i: String(i), text: 'a "b" \\ \n é 日本 {x="y"} # 😀' },
      value,
    })),
    { metric: counter('test_requests_total', 'Requests.'), value: 2n ** 53n + 1n, exemplars: [exemplar] },
    { metric: counter('test_requests_total', 'Requests.'), labels: { code: '500' }, value: 3 },
    { metric: untyped('test_untyped', 'Untyped.'), value: 3 },
    {
      metric: histogram('test_latency_seconds', 'Latency.'),
      value: { count: 15, sum: 42.5, ...buckets },
      exemplars: [exemplar],
    },
    { metric: histogram('test_sumless_seconds', 'No sum.'), value: { count: 15, ...buckets } },
    {
      metric: exponential,
      value: {
        count: 17,
        sum: 3.25,
        scale: 3,
        zeroCount: 2,
        zeroThreshold: 0,
        positive: { offset: -4, counts: Float64Array.of(3, 0, 2, 0, 0, 0, 8) },
        negative: { offset: 2, counts: Float64Array.of(2) },
      },
    },
    {
      metric: summary('test_wait_seconds', 'Waiting.'),
      value: { count: 7, sum: 12, quantiles: Float64Array.of(0, 0.5, 1), values: Float64Array.of(0.1, 0.9, 1e6) },
    },
    {
      metric: { ...gauge('http.server.queue', 'Translated.'), finalName: false, unit: 'By/s' },
      labels: { 'queue.name': 'in', ints: 7n, flag: true, list: ['a', 1n] },
      value: 4,
    },
  ]
  return points.map(point => ({ ...point, resource, scope, timeMs: TIME_MS, startMs: START_MS }))
}
