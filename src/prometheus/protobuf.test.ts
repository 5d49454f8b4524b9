import { join } from 'node:path'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { encodeAttributes } from '../telemetry/attributes.ts'
import type { DistributionValue, Exemplar, ExponentialHistogramValue } from '../telemetry/metrics/values.ts'
import type { FamilyMetadata, Label, MetricType } from './exposition.ts'
import { type ProtobufMetric, ProtobufReader, readLabelFields } from './protobuf_reader.ts'
import { labelFields, ProtobufWriter } from './protobuf_writer.ts'

const root = new protobuf.Root()
root.resolvePath = (_origin, target) =>
  target.startsWith('google') ? target : join(import.meta.dirname, 'testdata', target)
const MetricFamily = (await root.load('metrics.proto')).lookupType('io.prometheus.client.MetricFamily')

interface TestMetric {
  labels?: Label[]
  value: number | DistributionValue
  timeMs?: number
  startNanos?: bigint
  exemplars?: Exemplar[]
}

function write(family: Partial<FamilyMetadata> & { type: MetricType }, metrics: TestMetric[]): Buffer {
  const writer = new ProtobufWriter()
  const start = writer.family({ name: 'test', help: '', unit: '', ...family })
  for (const { labels = [], value, timeMs = 0, startNanos = 0n, exemplars = [] } of metrics) {
    const times = { timeMs, startNanos }
    if (typeof value !== 'number') writer.distribution(family.type, labelFields(labels), value, times, exemplars)
    else if (timeMs === 0 && startNanos === 0n && exemplars.length === 0)
      writer.plainNumber(family.type, labelFields(labels), value)
    else writer.number(family.type, labelFields(labels), value, times, exemplars[0])
  }
  writer.endFamily(start)
  return writer.sink.written()
}

/** What protobufjs makes of a page, with 64-bit numbers as text and without fields that are not set. */
function judge(bytes: Uint8Array): unknown {
  const message = MetricFamily.decodeDelimited(bytes)
  return MetricFamily.toObject(message, { longs: String, enums: String })
}

function read(bytes: Uint8Array, chunkBytes = bytes.length || 1) {
  const families: FamilyMetadata[] = []
  const metrics: (Omit<ProtobufMetric, 'bytes' | 'labelsStart' | 'labelsEnd'> & { labels: readonly Label[] })[] = []
  const reader = new ProtobufReader({
    family: family => families.push(family),
    metric(metric) {
      const { bytes: _, labelsStart: _start, labelsEnd: _end, ...rest } = metric
      metrics.push({ ...rest, labels: readLabelFields(metric, { maxLabels: 100 }) })
    },
  })
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes))
  reader.end()
  return { families, metrics, error: reader.error }
}

const exemplar: Exemplar = {
  timeUnixNano: 1_750_000_000_123_456_789n,
  value: 0.7,
  attributes: encodeAttributes([['user', 'é']]),
  traceId: Uint8Array.from({ length: 16 }, (_, i) => i),
  spanId: Uint8Array.from({ length: 8 }, (_, i) => i),
}
const judgedExemplar = {
  label: [
    { name: 'trace_id', value: '000102030405060708090a0b0c0d0e0f' },
    { name: 'span_id', value: '0001020304050607' },
    { name: 'user', value: 'é' },
  ],
  value: 0.7,
  timestamp: { seconds: '1750000000', nanos: 123456789 },
}

const native: ExponentialHistogramValue = {
  count: 21,
  sum: 3.5,
  scale: 1,
  zeroCount: 2,
  zeroThreshold: 1e-6,
  positive: { offset: -1, counts: Float64Array.of(3, 0, 2, 0, 0, 0, 4) },
  negative: { offset: 2, counts: Float64Array.of(10) },
}

describe('protobuf, as protobufjs reads it by the published schema', () => {
  test('counters have exemplar and created timestamp', () => {
    const metric = {
      labels: [['a', 'é']] as Label[],
      value: 17.5,
      startNanos: 1_500_000_000_000_000_001n,
      exemplars: [exemplar],
    }
    const page = write({ name: 'hits_total', type: 'counter', help: 'Hits.', unit: 'hits' }, [metric, { value: -0.5 }])
    expect(judge(page)).toEqual({
      name: 'hits_total',
      help: 'Hits.',
      type: 'COUNTER',
      unit: 'hits',
      metric: [
        {
          label: [{ name: 'a', value: 'é' }],
          counter: {
            value: 17.5,
            exemplar: judgedExemplar,
            createdTimestamp: { seconds: '1500000000', nanos: 1 },
          },
        },
        { counter: { value: -0.5 } },
      ],
    })
  })

  test.each([
    ['gauge', 'GAUGE', 'gauge'],
    ['unknown', 'UNTYPED', 'untyped'],
    ['info', 'GAUGE', 'gauge'],
    ['stateset', 'GAUGE', 'gauge'],
  ] as const)('a metric of type %s is a %s', (type, enumName, field) => {
    expect(judge(write({ type }, [{ value: Number.POSITIVE_INFINITY, timeMs: 1_750_000_000_000 }]))).toEqual({
      name: 'test',
      type: enumName,
      metric: [{ [field]: { value: Number.POSITIVE_INFINITY }, timestampMs: '1750000000000' }],
    })
  })

  test('summaries', () => {
    const value = {
      count: 2n ** 60n,
      sum: 12,
      quantiles: Float64Array.of(0.5, 0.99),
      values: Float64Array.of(0.1, 0.9),
    }
    expect(judge(write({ type: 'summary' }, [{ value }]))).toMatchObject({
      metric: [
        {
          summary: {
            sampleCount: String(2n ** 60n),
            sampleSum: 12,
            quantile: [
              { quantile: 0.5, value: 0.1 },
              { quantile: 0.99, value: 0.9 },
            ],
          },
        },
      ],
    })
  })

  test('classic histograms are cumulative, with an infinite bucket only where an exemplar needs it', () => {
    const value = { count: 6, sum: 42.5, bounds: Float64Array.of(0.5, 1), counts: Float64Array.of(3, 2, 1) }
    const bucket = [
      { cumulativeCount: '3', upperBound: 0.5 },
      { cumulativeCount: '5', upperBound: 1, exemplar: judgedExemplar },
    ]
    expect(judge(write({ type: 'histogram' }, [{ value, exemplars: [exemplar] }]))).toMatchObject({
      type: 'HISTOGRAM',
      metric: [{ histogram: { sampleCount: '6', sampleSum: 42.5, bucket } }],
    })
    const above = write({ type: 'gaugehistogram' }, [{ value, exemplars: [{ ...exemplar, value: 2 }] }])
    expect(judge(above)).toMatchObject({
      type: 'GAUGE_HISTOGRAM',
      metric: [{ histogram: { bucket: [{}, {}, { cumulativeCount: '6', upperBound: Number.POSITIVE_INFINITY }] } }],
    })
  })

  test('histograms with fractions, and with counts beyond 2^53', () => {
    const float = { count: 1.5, bounds: Float64Array.of(1), counts: Float64Array.of(0.5, 1) }
    expect(judge(write({ type: 'histogram' }, [{ value: float }]))).toMatchObject({
      metric: [{ histogram: { sampleCountFloat: 1.5, bucket: [{ cumulativeCountFloat: 0.5, upperBound: 1 }] } }],
    })
    const big = { count: 2n ** 63n, bounds: Float64Array.of(1), counts: BigUint64Array.of(2n ** 60n + 1n, 1n) }
    expect(judge(write({ type: 'histogram' }, [{ value: big }]))).toMatchObject({
      metric: [
        { histogram: { sampleCount: String(2n ** 63n), bucket: [{ cumulativeCount: String(2n ** 60n + 1n) }] } },
      ],
    })
  })

  test('native histograms have spans and deltas, their buckets numbered by the upper bound', () => {
    expect(judge(write({ type: 'histogram' }, [{ value: native, exemplars: [exemplar] }]))).toMatchObject({
      metric: [
        {
          histogram: {
            sampleCount: '21',
            sampleSum: 3.5,
            schema: 1,
            zeroThreshold: 1e-6,
            zeroCount: '2',
            positiveSpan: [
              { offset: 0, length: 3 },
              { offset: 3, length: 1 },
            ],
            positiveDelta: ['3', '-3', '2', '2'],
            negativeSpan: [{ offset: 3, length: 1 }],
            negativeDelta: ['10'],
            exemplars: [judgedExemplar],
          },
        },
      ],
    })
  })

  test('scales that Prometheus does not have are brought down, or not written at all', () => {
    const positive = { offset: 4, counts: Float64Array.of(1, 2, 4, 8, 16) }
    const fine = write({ type: 'histogram' }, [{ value: { ...native, scale: 10, zeroThreshold: 0, positive } }])
    expect(judge(fine)).toMatchObject({
      metric: [
        {
          histogram: {
            schema: 8,
            zeroThreshold: 1e-128,
            positiveSpan: [{ offset: 2, length: 2 }],
            positiveDelta: ['15', '1'],
          },
        },
      ],
    })
    expect(judge(write({ type: 'histogram' }, [{ value: { ...native, scale: -5 } }]))).toEqual({
      name: 'test',
      type: 'HISTOGRAM',
    })
  })

  test('an exemplar drops attributes that do not fit into 128 characters, never its ids', () => {
    const long = {
      ...exemplar,
      attributes: encodeAttributes([
        ['long', 'x'.repeat(100)],
        ['k', 'v'],
      ]),
    }
    expect(judge(write({ type: 'counter' }, [{ value: 1, exemplars: [long] }]))).toMatchObject({
      metric: [{ counter: { exemplar: { label: [{ name: 'trace_id' }, { name: 'span_id' }, { name: 'k' }] } } }],
    })
  })
})

describe('the protobuf reader', () => {
  const numbers = fc.record({
    labels: fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string()), {
      selector: ([name]) => name,
    }),
    value: fc.double(),
    timeMs: fc.nat(),
    startNanos: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  })

  test('gives back what was written, in chunks of any size', () => {
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (metrics, chunkBytes) => {
        const family = { name: 'é.metric', type: 'counter', help: 'Some\nhelp.', unit: 's' } as const
        const page = Buffer.concat([write(family, metrics as TestMetric[]), write({ type: 'gauge' }, [])])
        const { families, metrics: back, error } = read(page, chunkBytes)
        expect(error).toBeUndefined()
        expect(families).toEqual([family, { name: 'test', type: 'gauge', help: '', unit: '' }])
        expect(
          back.map(({ labels, value, timeMs, createdNanos }) => [labels, value, timeMs ?? 0, createdNanos]),
        ).toEqual(metrics.map(({ labels, value, timeMs, startNanos }) => [labels, value, timeMs, startNanos]))
      }),
    )
  })

  const counts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 })
  test('gives back histograms of both kinds, and summaries', () => {
    fc.assert(
      fc.property(
        counts,
        counts,
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: -4, max: 8 }),
        (a, b, offset, scale) => {
          const classic = {
            count: a.reduce((sum, n) => sum + n, 0),
            sum: 1.5,
            bounds: Float64Array.from(a.slice(1), (_, i) => i / 4),
            counts: Float64Array.from(a),
          }
          const filled = (list: number[]) => Float64Array.from(list, n => n + 1)
          const exponential = {
            count: 99,
            sum: 2,
            scale,
            zeroCount: 3,
            zeroThreshold: 0.5,
            positive: { offset, counts: filled(a) },
            negative: { offset: 0 - offset, counts: filled(b) },
          }
          const summary = { count: 3, sum: 4, quantiles: Float64Array.of(0.5), values: Float64Array.from([b[0]]) }
          const page = Buffer.concat([
            write({ type: 'histogram' }, [{ value: classic }, { value: exponential }]),
            write({ type: 'summary' }, [{ value: summary }]),
          ])
          const { metrics, error } = read(page, 7)
          expect(error).toBeUndefined()
          expect([metrics[0].histogram, metrics[1].native, metrics[2].summary]).toEqual([classic, exponential, summary])
        },
      ),
    )
  })

  test('gives back counts beyond 2^53 and exemplars', () => {
    const value = {
      count: 2n ** 63n,
      sum: 1,
      bounds: Float64Array.of(1),
      counts: BigUint64Array.of(2n ** 62n + 1n, 2n ** 62n - 1n),
    }
    const { metrics } = read(write({ type: 'histogram' }, [{ value, exemplars: [exemplar] }]))
    expect(metrics[0].histogram).toEqual(value)
    expect(metrics[0].exemplars).toEqual([exemplar])
  })

  const good = Buffer.concat([
    write({ type: 'counter', help: 'x' }, [{ labels: [['a', 'b']], value: 1, startNanos: 5n, exemplars: [exemplar] }]),
    write({ name: 'other', type: 'histogram' }, [{ value: native }]),
  ])

  test('answers any bytes with a result or an error, never with an exception', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), changes => {
        const bytes = Buffer.from(good)
        for (const [at, byte] of changes) bytes[at] = byte
        try {
          read(bytes)
        } catch (error) {
          // Labels are read by whoever wants them, and that may throw.
          expect((error as Error).name).toBe('ExpositionError')
        }
      }),
      { numRuns: 3000 },
    )
  })

  test('a page that is cut off anywhere but between families is an error', () => {
    const first = write({ type: 'counter', help: 'x' }, [
      { labels: [['a', 'b']], value: 1, startNanos: 5n, exemplars: [exemplar] },
    ])
    for (let length = 1; length < good.length; length++)
      expect(read(good.subarray(0, length)).error !== undefined).toBe(length !== first.length)
  })

  test('has limits: bytes of a family, width of a native histogram', () => {
    const reader = new ProtobufReader({ family() {}, metric() {} }, { maxFamilyBytes: 100 })
    expect(reader.push(Buffer.of(0xff, 0xff, 0xff, 0x7f))).toBe(false)
    expect(reader.error).toEqual({ family: 1, message: 'a family of more than 100 bytes' })
    const histogram = {
      positiveSpan: [
        { offset: 0, length: 1 },
        { offset: 2e9, length: 1 },
      ],
      positiveDelta: [1, 0],
    }
    const wide = MetricFamily.encodeDelimited({ name: 'a', type: 4, metric: [{ histogram }] }).finish()
    expect(read(wide).error?.message).toMatch(/^a native histogram over \d+ buckets$/)
  })

  test('finds name and type also behind the metrics', () => {
    const bytes = write({ name: 'late', type: 'gauge' }, [{ value: 5 }])
    const [name, type, metric] = [bytes.subarray(1, 7), bytes.subarray(7, 9), bytes.subarray(9)]
    const { families, metrics } = read(Buffer.concat([bytes.subarray(0, 1), metric, type, name]))
    expect(families).toMatchObject([{ name: 'late', type: 'gauge' }])
    expect(metrics).toMatchObject([{ value: 5 }])
  })
})
