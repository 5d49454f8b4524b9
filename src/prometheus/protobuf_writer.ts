import type { Count, DistributionValue, Exemplar, HistogramValue, SummaryValue } from '../telemetry/metrics/values.ts'
import { exemplarLabels, exemplarsByBucket } from './exemplars.ts'
import type { FamilyMetadata, Label, MetricType } from './exposition.ts'
import { type NativeBuckets, nativeHistogram } from './native_histogram.ts'
import { ProtobufSink } from './protobuf_sink.ts'
import { RunningCount } from './text_writer.ts'

// io/prometheus/client/metrics.proto. Tags are field << 3 | wire type (0 varint, 1 fixed64, 2 length-delimited).
// message MetricFamily { name = 1; help = 2; MetricType type = 3; repeated Metric metric = 4; unit = 5; }
// message Metric { repeated LabelPair label = 1; Gauge gauge = 2; Counter counter = 3; Summary summary = 4; Untyped untyped = 5;
//                  int64 timestamp_ms = 6; Histogram histogram = 7; }
// message LabelPair { name = 1; value = 2; }
// message Gauge, Untyped { double value = 1; }    message Counter { double value = 1; Exemplar exemplar = 2; Timestamp created = 3; }
const TYPES: Readonly<Record<MetricType, number>> = {
  counter: 0,
  gauge: 1,
  summary: 2,
  unknown: 3,
  histogram: 4,
  gaugehistogram: 5,
  info: 1,
  stateset: 1,
}
const VALUE_TAGS: Readonly<Record<MetricType, number>> = {
  gauge: 0x12,
  counter: 0x1a,
  summary: 0x22,
  unknown: 0x2a,
  histogram: 0x3a,
  gaugehistogram: 0x3a,
  info: 0x12,
  stateset: 0x12,
}

/** A Gauge, Counter or Untyped with its tag and length, and in it the tag and the double. */
const PLAIN_BYTES = 2 + 9

/** The label fields of a Metric, as they are kept between renders. */
export function labelFields(labels: readonly Label[]): Uint8Array {
  const sink = new ProtobufSink(256)
  writeLabels(sink, labels)
  return sink.written()
}

function writeLabels(sink: ProtobufSink, labels: readonly Label[]): void {
  for (const [name, value] of labels) {
    const pair = sink.begin(0x0a)
    sink.string(0x0a, name)
    sink.string(0x12, value)
    sink.end(pair)
  }
}

/** What of a point leaves beside its value. Times are 0 when unknown. */
export interface PointTimes {
  readonly timeMs: number
  /** Unix nanoseconds. */
  readonly startNanos: bigint
}

/** Writes `MetricFamily` messages, each behind its length, for the protobuf exposition format. */
export class ProtobufWriter {
  /** Replaced to begin a new page. */
  sink: ProtobufSink

  constructor(sink = new ProtobufSink()) {
    this.sink = sink
  }

  /** Begins a family; hand what it returns to `endFamily`. */
  family({ name, type, help, unit }: FamilyMetadata): number {
    const { sink } = this
    const start = sink.beginDelimited()
    sink.string(0x0a, name)
    if (help !== '') sink.string(0x12, help)
    sink.varintField(0x18, TYPES[type])
    if (unit !== '') sink.string(0x2a, unit)
    return start
  }

  endFamily(start: number): void {
    this.sink.end(start)
  }

  /** A number without times and exemplar, whose lengths are known beforehand. */
  plainNumber(type: MetricType, labels: Uint8Array, value: number): void {
    const { sink } = this
    sink.byte(0x22)
    sink.varint(labels.length + PLAIN_BYTES)
    sink.set(labels)
    sink.byte(VALUE_TAGS[type])
    sink.byte(PLAIN_BYTES - 2)
    sink.double(0x09, value)
  }

  number(type: MetricType, labels: Uint8Array, value: number, times: PointTimes, exemplar?: Exemplar): void {
    const { sink } = this
    const metric = sink.begin(0x22)
    sink.set(labels)
    const body = sink.begin(VALUE_TAGS[type])
    sink.double(0x09, value)
    if (type === 'counter') {
      if (exemplar) this.#exemplar(0x12, exemplar)
      this.#timestamp(0x1a, times.startNanos)
    }
    sink.end(body)
    this.#endMetric(metric, times.timeMs)
  }

  /** False, and nothing written, when Prometheus has no such buckets. */
  distribution(
    type: MetricType,
    labels: Uint8Array,
    value: DistributionValue,
    times: PointTimes,
    exemplars: readonly Exemplar[],
  ): boolean {
    const { sink } = this
    const native = 'positive' in value ? nativeHistogram(value) : undefined
    if ('positive' in value && !native) return false
    const metric = sink.begin(0x22)
    sink.set(labels)
    const body = sink.begin(VALUE_TAGS[type])
    if ('quantiles' in value) this.#summary(value, times)
    else if ('bounds' in value) this.#histogram(value, times, exemplars)
    else if (native) {
      // message Histogram { …; sint32 schema = 5; double zero_threshold = 6; uint64 zero_count = 7; double zero_count_float = 8;
      //   repeated BucketSpan negative_span = 9; sint64 negative_delta = 10; double negative_count = 11; positive: 12, 13, 14;
      //   Timestamp created_timestamp = 15; repeated Exemplar exemplars = 16; }
      this.#totals(value.count, value.sum, native.isFloat)
      sink.varintField(0x28, zigzag(native.schema))
      sink.double(0x31, native.zeroThreshold)
      this.#countField(0x38, 0x41, native.zeroCount, native.isFloat)
      this.#nativeBuckets(0x4a, 0x52, 0x5a, native.negative, native.isFloat)
      this.#nativeBuckets(0x62, 0x6a, 0x72, native.positive, native.isFloat)
      this.#timestamp(0x7a, times.startNanos)
      for (const exemplar of exemplars) if (exemplar.timeUnixNano > 0n) this.#exemplar(0x82, exemplar)
    }
    sink.end(body)
    this.#endMetric(metric, times.timeMs)
    return true
  }

  // message Summary { uint64 sample_count = 1; double sample_sum = 2; repeated Quantile quantile = 3; Timestamp created = 4; }
  // message Quantile { double quantile = 1; double value = 2; }
  #summary({ count, sum, quantiles, values }: SummaryValue, times: PointTimes): void {
    const { sink } = this
    this.#countField(0x08, 0, count, false)
    sink.double(0x11, sum)
    for (let i = 0; i < quantiles.length; i++) {
      const quantile = sink.begin(0x1a)
      sink.double(0x09, quantiles[i])
      sink.double(0x11, values[i])
      sink.end(quantile)
    }
    this.#timestamp(0x22, times.startNanos)
  }

  // message Histogram { uint64 sample_count = 1; double sample_sum = 2; repeated Bucket bucket = 3; double sample_count_float = 4; … }
  // message Bucket { uint64 cumulative_count = 1; double upper_bound = 2; Exemplar exemplar = 3; double cumulative_count_float = 4; }
  #histogram({ count, sum, bounds, counts }: HistogramValue, times: PointTimes, exemplars: readonly Exemplar[]): void {
    const { sink } = this
    const isFloat = counts instanceof Float64Array && !counts.every(Number.isInteger)
    this.#totals(count, sum, isFloat)
    const chosen = exemplars.length > 0 ? exemplarsByBucket(bounds, exemplars) : undefined
    const running = new RunningCount(counts)
    const last = chosen?.has(bounds.length) || counts.length < 2 ? counts.length : counts.length - 1
    for (let i = 0; i < Math.max(last, 1); i++) {
      const bucket = sink.begin(0x1a)
      this.#countField(0x08, 0x21, i < bounds.length && i < counts.length ? running.add(i) : count, isFloat)
      sink.double(0x11, i < bounds.length && i < counts.length ? bounds[i] : Number.POSITIVE_INFINITY)
      const exemplar = chosen?.get(i)
      if (exemplar) this.#exemplar(0x1a, exemplar)
      sink.end(bucket)
    }
    this.#timestamp(0x7a, times.startNanos)
  }

  #totals(count: Count, sum: number | undefined, isFloat: boolean): void {
    this.#countField(0x08, 0x21, count, isFloat)
    if (sum !== undefined) this.sink.double(0x11, sum)
  }

  #countField(tag: number, floatTag: number, count: Count, isFloat: boolean): void {
    if (isFloat) this.sink.double(floatTag, Number(count))
    else this.sink.uint64Field(tag, count)
  }

  // message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  #nativeBuckets(
    spanTag: number,
    deltaTag: number,
    countTag: number,
    { spans, counts }: NativeBuckets,
    isFloat: boolean,
  ): void {
    const { sink } = this
    for (const span of spans) {
      const message = sink.begin(spanTag)
      sink.varintField(0x08, zigzag(span.offset))
      sink.varintField(0x10, span.length)
      sink.end(message)
    }
    if (counts.length === 0) return
    const packed = sink.begin(isFloat ? countTag : deltaTag)
    let before: Count = 0n
    for (const count of counts) {
      if (isFloat) sink.rawDouble(Number(count))
      else {
        const now: bigint = BigInt(count)
        const delta: bigint = now - before
        sink.uint64(delta < 0n ? -delta * 2n - 1n : delta * 2n)
        before = now
      }
    }
    sink.end(packed)
  }

  // message Exemplar { repeated LabelPair label = 1; double value = 2; Timestamp timestamp = 3; }
  #exemplar(tag: number, exemplar: Exemplar): void {
    const { sink } = this
    const start = tag === 0x82 ? sink.beginLong(0x82, 0x01) : sink.begin(tag)
    writeLabels(sink, exemplarLabels(exemplar))
    sink.double(0x11, Number(exemplar.value))
    this.#timestamp(0x1a, exemplar.timeUnixNano)
    sink.end(start)
  }

  // message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  #timestamp(tag: number, nanos: bigint): void {
    if (nanos === 0n) return
    const { sink } = this
    const start = sink.begin(tag)
    sink.uint64Field(0x08, nanos / 1_000_000_000n)
    sink.varintField(0x10, Number(nanos % 1_000_000_000n))
    sink.end(start)
  }

  #endMetric(start: number, timeMs: number): void {
    if (timeMs !== 0) this.sink.uint64Field(0x30, timeMs)
    this.sink.end(start)
  }
}

const zigzag = (n: number): number => (n < 0 ? -n * 2 - 1 : n * 2)
