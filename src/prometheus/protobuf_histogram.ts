import type {
  Count,
  Counts,
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogramValue,
  HistogramValue,
} from '../telemetry/metrics/values.ts'
import { readExemplar, readTimestamp } from './protobuf_parts.ts'
import type { ProtobufSource } from './protobuf_source.ts'
import { ExpositionError } from './series_reader.ts'

/** From the first native bucket to the last one; spans may claim any distance, and OTLP's form has every bucket between. */
const MAX_BUCKETS = 16_384
const SCHEMAS = { min: -4, max: 8 }

interface Span {
  offset: number
  length: number
}

interface NativeSide {
  readonly spans: Span[]
  readonly deltas: (number | bigint)[]
  readonly counts: number[]
}

/** What a histogram message tells of its metric. */
export interface HistogramTarget {
  histogram: HistogramValue | undefined
  native: ExponentialHistogramValue | undefined
  readonly exemplars: Exemplar[]
  createdNanos: bigint
}

/** Reads one Histogram message; its fields are listed in protobuf_writer.ts. */
export function readHistogram(source: ProtobufSource, target: HistogramTarget): void {
  const negative: NativeSide = { spans: [], deltas: [], counts: [] }
  const positive: NativeSide = { spans: [], deltas: [], counts: [] }
  const buckets: { bound: number; count: Count }[] = []
  const sint64 = () => source.sint64()
  const double = () => source.double()
  let [count, zeroCount]: Count[] = [0, 0]
  let [floatCount, floatZeroCount, zeroThreshold] = [0, 0, 0]
  let sum: number | undefined
  let schema: number | undefined
  source.message(tag => {
    switch (tag) {
      case 0x08:
        count = source.uint64()
        break
      case 0x21:
        floatCount = source.double()
        break
      case 0x11:
        sum = source.double()
        break
      case 0x1a:
        buckets.push(readBucket(source, target.exemplars))
        break
      case 0x28:
        schema = Number(source.sint64())
        break
      case 0x31:
        zeroThreshold = source.double()
        break
      case 0x38:
        zeroCount = source.uint64()
        break
      case 0x41:
        floatZeroCount = source.double()
        break
      case 0x4a:
        negative.spans.push(readSpan(source))
        break
      case 0x50:
      case 0x52:
        source.numbers(tag, 0x52, sint64, delta => negative.deltas.push(delta))
        break
      case 0x59:
      case 0x5a:
        source.numbers(tag, 0x5a, double, one => negative.counts.push(one))
        break
      case 0x62:
        positive.spans.push(readSpan(source))
        break
      case 0x68:
      case 0x6a:
        source.numbers(tag, 0x6a, sint64, delta => positive.deltas.push(delta))
        break
      case 0x71:
      case 0x72:
        source.numbers(tag, 0x72, double, one => positive.counts.push(one))
        break
      case 0x7a:
        target.createdNanos = readTimestamp(source)
        break
      case 0x82:
        target.exemplars.push(readExemplar(source))
        break
      default:
        source.skip(tag)
    }
  })
  const total = floatCount > 0 ? floatCount : count
  const zero = floatZeroCount > 0 ? floatZeroCount : zeroCount
  const isNative = zeroThreshold > 0 || zero > 0 || positive.spans.length > 0 || negative.spans.length > 0
  if (isNative) {
    const scale = checkedSchema(schema ?? 0)
    const sides = { positive: dense(positive), negative: dense(negative) }
    target.native = { count: total, sum, scale, zeroCount: zero, zeroThreshold, ...sides }
  }
  if (!isNative || buckets.length > 0) target.histogram = classic(total, sum, buckets)
}

function checkedSchema(schema: number): number {
  if (schema < SCHEMAS.min || schema > SCHEMAS.max) throw new ExpositionError(`a native histogram of schema ${schema}`)
  return schema
}

// message Bucket { uint64 cumulative_count = 1; double upper_bound = 2; Exemplar exemplar = 3; double cumulative_count_float = 4; }
function readBucket(source: ProtobufSource, exemplars: Exemplar[]): { bound: number; count: Count } {
  let bound = 0
  let count: Count = 0
  let floatCount = 0
  source.message(tag => {
    if (tag === 0x08) count = source.uint64()
    else if (tag === 0x11) bound = source.double()
    else if (tag === 0x1a) exemplars.push(readExemplar(source))
    else if (tag === 0x21) floatCount = source.double()
    else source.skip(tag)
  })
  return { bound, count: floatCount > 0 ? floatCount : count }
}

/** Cumulative buckets as counts of their own; the last one is what is above all bounds. */
function classic(
  count: Count,
  sum: number | undefined,
  buckets: readonly { bound: number; count: Count }[],
): HistogramValue {
  const finite = buckets.filter(({ bound }) => bound !== Number.POSITIVE_INFINITY)
  const cumulative = [...finite.map(bucket => bucket.count), count]
  const counts = differences(cumulative)
  return { count, sum, bounds: Float64Array.from(finite, ({ bound }) => bound), counts }
}

function differences(cumulative: readonly Count[]): Counts {
  if (cumulative.some(count => typeof count === 'bigint')) {
    const exact = cumulative.map(BigInt)
    return BigUint64Array.from(exact, (count, i) => (i === 0 ? count : notNegative(count - exact[i - 1])))
  }
  const numbers = cumulative as readonly number[]
  return Float64Array.from(numbers, (count, i) => (i === 0 ? count : notNegative(count - numbers[i - 1])))
}

function notNegative<T extends Count>(count: T): T {
  if (count < 0) throw new ExpositionError('buckets whose counts fall')
  return count
}

// message BucketSpan { sint32 offset = 1; uint32 length = 2; }
function readSpan(source: ProtobufSource): Span {
  const span = { offset: 0, length: 0 }
  source.message(tag => {
    if (tag === 0x08) span.offset = Number(source.sint64())
    else if (tag === 0x10) span.length = source.varint()
    else source.skip(tag)
  })
  return span
}

/** Spans and deltas as one run of buckets. OTLP numbers buckets by their lower bound, Prometheus by their upper one. */
function dense({ spans, deltas, counts }: NativeSide): ExponentialBuckets {
  const absolute = counts.length > 0 ? counts : sums(deltas)
  const last = spans.reduce((at, { offset, length }) => at + offset + length, 0)
  const first = spans[0]?.offset ?? 0
  const width = last - first
  if (spans.reduce((sum, { length }) => sum + length, 0) !== absolute.length)
    throw new ExpositionError('spans that do not fit their counts')
  if (width > MAX_BUCKETS) throw new ExpositionError(`a native histogram over ${width} buckets`)
  if (spans.slice(1).some(({ offset }) => offset < 0)) throw new ExpositionError('spans that overlap')
  const isExact = absolute.some(count => typeof count === 'bigint')
  const out: Counts = isExact ? new BigUint64Array(width) : new Float64Array(width)
  let at = -first
  let i = 0
  for (const { offset, length } of spans) {
    at += offset
    for (const end = at + length; at < end; at++, i++) out[at] = (isExact ? BigInt(absolute[i]) : absolute[i]) as never
  }
  return { offset: first - 1, counts: out }
}

function sums(deltas: readonly (number | bigint)[]): Count[] {
  let sum: Count = 0
  return deltas.map(delta => {
    const exact: bigint = BigInt(sum) + BigInt(delta)
    if (exact < 0n) throw new ExpositionError('a bucket with a count below 0')
    sum = exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact
    return sum
  })
}
