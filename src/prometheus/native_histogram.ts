import type { Count, Counts, ExponentialBuckets, ExponentialHistogramValue } from '../telemetry/metrics/values.ts'

/** Spans as Prometheus has them: `offset` from the end of the span before (the first: from bucket 0), and how many buckets. */
export interface NativeBuckets {
  readonly spans: readonly { readonly offset: number; readonly length: number }[]
  /** Absolute counts, one a bucket of the spans. */
  readonly counts: readonly Count[]
}
export interface NativeHistogram {
  /** -4 to 8. */
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: Count
  readonly positive: NativeBuckets
  readonly negative: NativeBuckets
  /** True when some count has a fraction. */
  readonly isFloat: boolean
}

export const MIN_SCHEMA = -4
const MAX_SCHEMA = 8
/** What a point without a threshold gets; the OpenTelemetry specification names it. */
const DEFAULT_ZERO_THRESHOLD = 1e-128
/** Gaps up to this length are filled with empty buckets: cheaper than one more span. */
const MAX_GAP = 2

/**
 * Exponential buckets as native ones: scales above 8 are brought down to it; undefined for scales under -4, which Prometheus
 * has not. OTLP numbers buckets by their lower bound, Prometheus by their upper one: hence the offset by one.
 */
export function nativeHistogram(value: ExponentialHistogramValue): NativeHistogram | undefined {
  if (value.scale < MIN_SCHEMA) return undefined
  const shift = Math.max(0, value.scale - MAX_SCHEMA)
  const positive = sparse(value.positive, shift)
  const negative = sparse(value.negative, shift)
  const isFloat = [value.count, value.zeroCount, ...positive.counts, ...negative.counts].some(
    count => typeof count === 'number' && !Number.isInteger(count),
  )
  return {
    schema: value.scale - shift,
    zeroThreshold: value.zeroThreshold || DEFAULT_ZERO_THRESHOLD,
    zeroCount: value.zeroCount,
    positive,
    negative,
    isFloat,
  }
}

function sparse({ offset, counts }: ExponentialBuckets, shift: number): NativeBuckets {
  const merged = downscaled(offset, counts, shift)
  const spans: { offset: number; length: number }[] = []
  const out: Count[] = []
  let next = 0
  for (const [index, count] of merged) {
    const last = spans[spans.length - 1]
    const gap = index - next
    if (last && gap <= MAX_GAP) {
      for (let i = 0; i < gap; i++) out.push(0)
      last.length += gap + 1
    } else spans.push({ offset: gap, length: 1 })
    out.push(count)
    next = index + 1
  }
  return { spans, counts: out }
}

/** Prometheus' bucket numbers and counts, ascending, without empty buckets. */
function downscaled(offset: number, counts: Counts, shift: number): Map<number, Count> {
  const merged = new Map<number, Count>()
  const factor = 2 ** shift
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]
    if (!count) continue
    const index = Math.floor((offset + i) / factor) + 1
    const before = merged.get(index)
    // Counts of one array are all numbers or all bigints, for which + is the same.
    merged.set(index, before === undefined ? count : (before as number) + (count as number))
  }
  return merged
}
