import { encodeAttributes, NO_ATTRIBUTES } from '../../src/telemetry/attributes.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import { FLAG } from '../../src/telemetry/metrics/batch.ts'
import { BatchBuilder } from '../../src/telemetry/metrics/batch_builder.ts'
import { counter, type Descriptor, gauge, histogram, summary, untyped } from '../../src/telemetry/metrics/descriptor.ts'
import type { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import type { Exemplar } from '../../src/telemetry/metrics/values.ts'
import type { Origin } from '../../src/telemetry/origin.ts'
import { NO_SCOPE, resourceOf } from '../../src/telemetry/resource.ts'
import { type LogBatch, type TraceBatch, WireBatch } from '../../src/telemetry/wire_batch.ts'

const origin: Origin = { receiver: 'generated' }

export const exemplar: Exemplar = {
  timeUnixNano: 1_750_000_000_123_456_789n,
  value: 0.5,
  attributes: encodeAttributes([['user', 'u1']]),
  traceId: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
  spanId: Uint8Array.from({ length: 8 }, (_, i) => i + 1),
}

const exponential: Descriptor = {
  ...histogram('generated_latency_seconds', 'Latencies in exponential buckets.'),
  kind: 'exponential_histogram',
}

/** One point of every kind, with int64 beyond 2^53, special floats, exemplars, start times and every flag. */
export function everyKind(table: SeriesTable, from: Origin = origin): MetricBatch {
  const resource = resourceOf({ 'service.name': 'shop', 'service.instance.id': 'a-1' })
  const builder = new BatchBuilder(table).at(1_750_000_000_000, 1_749_999_000_000)
  const ref = (descriptor: Descriptor, labels: [string, string][] = []) =>
    builder.ref(
      table.keys.key(resource, NO_SCOPE, descriptor, labels.length > 0 ? encodeAttributes(labels) : NO_ATTRIBUTES),
    )
  builder.number(ref(gauge('generated_temperature_celsius', 'A gauge.'), [['room', 'no "1"\n\\']]), -2.5)
  builder.number(ref(gauge('generated_special', 'NaN.'), [['kind', 'nan']]), Number.NaN)
  builder.number(ref(gauge('generated_special', 'NaN.'), [['kind', 'inf']]), Number.POSITIVE_INFINITY)
  builder.int(ref(counter('generated_big_total', 'An int64 beyond 2^53.')), 1, 0x200000)
  builder.exemplars([exemplar])
  builder.number(ref(untyped('generated_unknown', 'Of no type.')), 1e21)
  builder.number(ref(gauge('generated_ended', 'Ends here.')), 0, FLAG.STALE)
  builder.number(ref(counter('generated_fresh_total', 'Begins here.')), 0, FLAG.FRESH)
  builder.number(ref(counter('generated_lingering_total', 'Ended, still shown.')), 7, FLAG.LINGERING)
  builder.distribution(ref(histogram('generated_size_bytes', 'Explicit buckets.')), {
    count: 6,
    sum: 42.5,
    min: 1,
    max: 30,
    bounds: Float64Array.of(5, 10),
    counts: Float64Array.of(3, 2, 1),
  })
  builder.exemplars([exemplar])
  builder.distribution(ref(exponential), {
    count: 9,
    sum: 3.25,
    scale: 1,
    zeroCount: 2,
    zeroThreshold: 1e-6,
    positive: { offset: -1, counts: Float64Array.of(3, 0, 2) },
    negative: { offset: 2, counts: Float64Array.of(2) },
  })
  builder.distribution(ref(summary('generated_wait_seconds', 'Quantiles.')), {
    count: 2n ** 60n,
    sum: 12,
    quantiles: Float64Array.of(0.5, 0.99),
    values: Float64Array.of(0.1, 0.9),
  })
  return builder.finish(from)
}

/** `count` series of one counter, each with the value `value(i)`. */
export function manySeries(
  table: SeriesTable,
  count: number,
  value: (i: number) => number,
  from: Origin = origin,
): MetricBatch {
  const builder = new BatchBuilder(table).at(1_750_000_000_000)
  const descriptor = counter('generated_requests_total', 'Requests.')
  const resource = resourceOf({ 'service.name': 'shop' })
  for (let i = 0; i < count; i++)
    builder.number(
      builder.ref(table.keys.key(resource, NO_SCOPE, descriptor, encodeAttributes([['n', String(i)]]))),
      value(i),
    )
  return builder.finish(from)
}

// ExportTraceServiceRequest { resource_spans { scope_spans { spans { name = "s" } } } }, and the same shape for logs.
const ONE_ITEM = Uint8Array.of(10, 7, 18, 5, 18, 3, 42, 1, 0x73)

export function generatedTraces(from: Origin = origin): TraceBatch {
  return new WireBatch('traces', [new Uint8Array(ONE_ITEM)], 1, from)
}
export function generatedLogs(from: Origin = origin): LogBatch {
  return new WireBatch('logs', [new Uint8Array(ONE_ITEM)], 1, from)
}
