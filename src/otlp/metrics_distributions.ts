import type { Count, DistributionValue, Exemplar, ExponentialBuckets } from '../telemetry/metrics/values.ts'
import { type AttributeCollector, CountList, countOf, readBuckets, readExemplar } from './metrics_points.ts'
import { fieldBits, type Reader } from './reader.ts'

// message HistogramDataPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
//   optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7;
//   repeated Exemplar exemplars = 8; repeated KeyValue attributes = 9; uint32 flags = 10; optional double min = 11;
//   optional double max = 12; }
const HISTOGRAM_FIELDS = fieldBits(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
// message ExponentialHistogramDataPoint { repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2;
//   fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5; sint32 scale = 6; fixed64 zero_count = 7;
//   Buckets positive = 8; Buckets negative = 9; uint32 flags = 10; repeated Exemplar exemplars = 11; optional double min = 12;
//   optional double max = 13; double zero_threshold = 14; }
const EXPONENTIAL_FIELDS = fieldBits(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
// message SummaryDataPoint { fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
//   repeated ValueAtQuantile quantile_values = 6; repeated KeyValue attributes = 7; uint32 flags = 8; }
const SUMMARY_FIELDS = fieldBits(2, 3, 4, 5, 6, 7, 8)
// message ValueAtQuantile { double quantile = 1; double value = 2; }
const QUANTILE_FIELDS = fieldBits(1, 2)

const NO_BUCKETS: ExponentialBuckets = { offset: 0, counts: new Float64Array(0) }

/** Reads points that are no numbers: times, flags and value of the last one are in its fields. */
export class DistributionReader {
  startLo = 0
  startHi = 0
  timeLo = 0
  timeHi = 0
  flags = 0
  value: DistributionValue = NONE
  readonly #counts = new CountList()
  readonly #numbers: number[] = []
  /** Bounds of the histogram before: the points of a metric usually share theirs. */
  #bounds = new Float64Array(0)

  begin(): void {
    this.startLo = this.startHi = this.timeLo = this.timeHi = this.flags = 0
    this.#numbers.length = 0
    this.#counts.clear()
  }

  histogram(
    r: Reader,
    end: number,
    attributes: AttributeCollector,
    exemplars: Exemplar[],
    exemplarAttributes: AttributeCollector,
  ): void {
    let count: Count = 0
    let [sum, min, max]: (number | undefined)[] = []
    while (r.at < end) {
      const tag = r.tag(end)
      switch (tag) {
        case 74:
          attributes.take(r, end)
          break
        case 33:
          r.fixed64(end)
          count = countOf(r)
          break
        case 41:
          sum = r.double(end)
          break
        case 50:
          this.#counts.packedFixed(r, r.stop(end))
          break
        case 49:
          r.fixed64(end)
          this.#counts.push(r)
          break
        case 58:
          for (const stop = r.stop(end); r.at < stop; ) this.#numbers.push(r.double(stop))
          break
        case 57:
          this.#numbers.push(r.double(end))
          break
        case 66:
          exemplars.push(readExemplar(r, r.stop(end), exemplarAttributes))
          break
        case 89:
          min = r.double(end)
          break
        case 97:
          max = r.double(end)
          break
        default:
          this.#shared(r, tag, end, 80, HISTOGRAM_FIELDS)
      }
    }
    this.value = { count, sum, min, max, bounds: this.#sharedBounds(), counts: this.#counts.counts() }
  }

  exponential(
    r: Reader,
    end: number,
    attributes: AttributeCollector,
    exemplars: Exemplar[],
    exemplarAttributes: AttributeCollector,
  ): void {
    let count: Count = 0
    let zeroCount: Count = 0
    let [sum, min, max]: (number | undefined)[] = []
    let [scale, zeroThreshold] = [0, 0]
    let positive: ExponentialBuckets | undefined
    let negative: ExponentialBuckets | undefined
    while (r.at < end) {
      const tag = r.tag(end)
      switch (tag) {
        case 10:
          attributes.take(r, end)
          break
        case 33:
          r.fixed64(end)
          count = countOf(r)
          break
        case 41:
          sum = r.double(end)
          break
        case 48:
          scale = r.sint32(end)
          break
        case 57:
          r.fixed64(end)
          zeroCount = countOf(r)
          break
        case 66:
          positive = readBuckets(r, r.stop(end), this.#counts, positive)
          break
        case 74:
          negative = readBuckets(r, r.stop(end), this.#counts, negative)
          break
        case 90:
          exemplars.push(readExemplar(r, r.stop(end), exemplarAttributes))
          break
        case 97:
          min = r.double(end)
          break
        case 105:
          max = r.double(end)
          break
        case 113:
          zeroThreshold = r.double(end)
          break
        default:
          this.#shared(r, tag, end, 80, EXPONENTIAL_FIELDS)
      }
    }
    const buckets = { positive: positive ?? NO_BUCKETS, negative: negative ?? NO_BUCKETS }
    this.value = { count, sum, min, max, scale, zeroCount, zeroThreshold, ...buckets }
  }

  summary(r: Reader, end: number, attributes: AttributeCollector): void {
    let count: Count = 0
    let sum = 0
    while (r.at < end) {
      const tag = r.tag(end)
      switch (tag) {
        case 58:
          attributes.take(r, end)
          break
        case 33:
          r.fixed64(end)
          count = countOf(r)
          break
        case 41:
          sum = r.double(end)
          break
        case 50:
          this.#quantile(r, r.stop(end))
          break
        default:
          this.#shared(r, tag, end, 64, SUMMARY_FIELDS)
      }
    }
    const pairs = this.#numbers
    const quantiles = new Float64Array(pairs.length / 2)
    const values = new Float64Array(pairs.length / 2)
    for (let i = 0; i < quantiles.length; i++) {
      quantiles[i] = pairs[i * 2]
      values[i] = pairs[i * 2 + 1]
    }
    this.value = { count, sum, quantiles, values }
  }

  #quantile(r: Reader, end: number): void {
    let [quantile, value] = [0, 0]
    while (r.at < end) {
      const tag = r.tag(end)
      if (tag === 9) quantile = r.double(end)
      else if (tag === 17) value = r.double(end)
      else r.skipUnknown(tag, QUANTILE_FIELDS, end)
    }
    this.#numbers.push(quantile, value)
  }

  /** Fields that all points have: times have the same numbers, flags theirs. */
  #shared(r: Reader, tag: number, end: number, flagsTag: number, known: number): void {
    if (tag === 17) {
      r.fixed64(end)
      this.startLo = r.lo
      this.startHi = r.hi
    } else if (tag === 25) {
      r.fixed64(end)
      this.timeLo = r.lo
      this.timeHi = r.hi
    } else if (tag === flagsTag) this.flags = r.uint32(end)
    else r.skipUnknown(tag, known, end)
  }

  #sharedBounds(): Float64Array {
    const numbers = this.#numbers
    const same = this.#bounds.length === numbers.length && numbers.every((bound, i) => this.#bounds[i] === bound)
    if (!same) this.#bounds = Float64Array.from(numbers)
    return this.#bounds
  }
}

const NONE: DistributionValue = { count: 0, sum: 0, quantiles: new Float64Array(0), values: new Float64Array(0) }
