import type { AttributeBytes } from '../attributes.ts'

/** An unsigned 64-bit count: a number while it is exact (≤ 2^53), a bigint above. Float histograms of Prometheus have fractions. */
export type Count = number | bigint
/** Counts of buckets, by the same rule: a Float64Array while all are exact. */
export type Counts = Float64Array | BigUint64Array

/** Explicit buckets: `counts[i]` are the observations in (bounds[i-1], bounds[i]], the last one those above; not cumulative. */
export interface HistogramValue {
  readonly count: Count
  /** Undefined where the source has none (negative observations, by OTLP). */
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  /** Ascending, without +Inf; shared by all points that have the same. */
  readonly bounds: Float64Array
  /** One more than bounds; empty when the source has count and sum only. */
  readonly counts: Counts
}

/** Buckets of one sign: `counts[i]` are observations in (base^(offset+i), base^(offset+i+1)], base = 2^(2^-scale). */
export interface ExponentialBuckets {
  readonly offset: number
  readonly counts: Counts
}
export interface ExponentialHistogramValue {
  readonly count: Count
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  readonly scale: number
  readonly zeroCount: Count
  readonly zeroThreshold: number
  readonly positive: ExponentialBuckets
  readonly negative: ExponentialBuckets
}

export interface SummaryValue {
  readonly count: Count
  readonly sum: number
  /** Ascending, in [0, 1]. */
  readonly quantiles: Float64Array
  /** One for each quantile. */
  readonly values: Float64Array
}

/** The value of a point whose kind is not gauge or sum. */
export type DistributionValue = HistogramValue | ExponentialHistogramValue | SummaryValue

export interface Exemplar {
  /** Unix time in nanoseconds. */
  readonly timeUnixNano: bigint
  /** A bigint when the source says integer. */
  readonly value: number | bigint
  /** Attributes of the measurement that the series lacks. */
  readonly attributes: AttributeBytes
  /** 16 and 8 bytes; empty when unknown. */
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
}
