import type {
  Count,
  Counts,
  DistributionValue,
  ExponentialBuckets,
  ExponentialHistogramValue,
  HistogramValue,
} from './metrics/values.ts'

const MAX_SAFE = 2 ** 53
/** Buckets of one sign that a merged exponential histogram may have: what SDKs keep to as well. */
const MAX_BUCKETS = 160

/** Both distributions in one; undefined when they can't be put together (other bounds, or another kind). */
export function addDistributions(a: DistributionValue, b: DistributionValue): DistributionValue | undefined {
  if ('bounds' in a && 'bounds' in b) return combineHistograms(a, b, 1)
  if ('scale' in a && 'scale' in b) return addExponential(a, b)
  return undefined
}

/** What `later` has more than `earlier`, without min and max, which nobody knows; undefined when it is no continuation of it. */
export function subtractDistributions(
  later: DistributionValue,
  earlier: DistributionValue,
): DistributionValue | undefined {
  if ('bounds' in later && 'bounds' in earlier) {
    const value = combineHistograms(later, earlier, -1)
    return value && neverNegative(value.count, value.counts) ? value : undefined
  }
  if ('scale' in later && 'scale' in earlier) return subtractExponential(later, earlier)
  return undefined
}

/** A reset histogram as the delta that it is: its own counts, without min and max of unknown time. */
export function withoutExtremes(value: DistributionValue): DistributionValue {
  if ('quantiles' in value) return value
  const { min: _, max: __, ...rest } = value
  return rest
}

function combineHistograms(a: HistogramValue, b: HistogramValue, sign: 1 | -1): HistogramValue | undefined {
  if (a.bounds.length !== b.bounds.length || a.counts.length !== b.counts.length) return undefined
  if (a.bounds !== b.bounds && !a.bounds.every((bound, i) => bound === b.bounds[i])) return undefined
  const signed = (counts: Counts): Counts => (sign === 1 ? counts : negative(counts))
  return {
    count: addCounts(listOf(a.count), signed(listOf(b.count)))[0],
    sum: sumOf(a.sum, b.sum, sign),
    bounds: a.bounds,
    counts: addCounts(a.counts, signed(b.counts)),
    ...(sign === 1 ? extremesOf(a, b) : {}),
  }
}

interface Extremes {
  readonly min?: number
  readonly max?: number
}
function extremesOf(a: Extremes, b: Extremes): Extremes {
  const min = a.min === undefined || b.min === undefined ? undefined : Math.min(a.min, b.min)
  const max = a.max === undefined || b.max === undefined ? undefined : Math.max(a.max, b.max)
  return { min, max }
}

const sumOf = (a: number | undefined, b: number | undefined, sign: number): number | undefined =>
  a === undefined || b === undefined ? undefined : a + sign * b

/**
 * Two exponential histograms at the coarser scale of both (and coarser still when they would have too many buckets), with
 * the wider zero bucket. OpenTelemetry data model, «Exponential Histogram: Producer Expectations» and «Zero Count and Zero Threshold».
 */
function addExponential(a: ExponentialHistogramValue, b: ExponentialHistogramValue): ExponentialHistogramValue {
  let [x, y] = aligned(a, b)
  while (Math.max(spanOf(x.positive, y.positive), spanOf(x.negative, y.negative)) > MAX_BUCKETS)
    [x, y] = [coarser(x, 1), coarser(y, 1)]
  return {
    count: addCount(x.count, y.count),
    sum: sumOf(a.sum, b.sum, 1),
    ...extremesOf(a, b),
    scale: x.scale,
    zeroCount: addCount(x.zeroCount, y.zeroCount),
    zeroThreshold: x.zeroThreshold,
    positive: addBuckets(x.positive, y.positive, addCounts),
    negative: addBuckets(x.negative, y.negative, addCounts),
  }
}

function subtractExponential(
  later: ExponentialHistogramValue,
  earlier: ExponentialHistogramValue,
): ExponentialHistogramValue | undefined {
  // A running total never becomes finer and its zero bucket never narrower.
  if (earlier.scale < later.scale || earlier.zeroThreshold > later.zeroThreshold) return undefined
  const [x, y] = aligned(later, earlier)
  if (x.scale !== later.scale || x.zeroThreshold !== later.zeroThreshold) return undefined
  const subtract = (p: Counts, q: Counts): Counts => addCounts(p, negative(q))
  const value = {
    count: subtract(listOf(x.count), listOf(y.count))[0],
    sum: sumOf(later.sum, earlier.sum, -1),
    scale: x.scale,
    zeroCount: subtract(listOf(x.zeroCount), listOf(y.zeroCount))[0],
    zeroThreshold: x.zeroThreshold,
    positive: addBuckets(x.positive, y.positive, subtract),
    negative: addBuckets(x.negative, y.negative, subtract),
  }
  const counts = [value.positive.counts, value.negative.counts, listOf(value.zeroCount)]
  return counts.every(list => neverNegative(value.count, list)) ? value : undefined
}

/** Both at the coarser scale and with the wider zero bucket. */
function aligned(
  a: ExponentialHistogramValue,
  b: ExponentialHistogramValue,
): [ExponentialHistogramValue, ExponentialHistogramValue] {
  const scale = Math.min(a.scale, b.scale)
  let x = coarser(a, a.scale - scale)
  let y = coarser(b, b.scale - scale)
  // Taking in a bucket that has observations widens the zero bucket to that bucket's end, which may be beyond the other's.
  while (x.zeroThreshold !== y.zeroThreshold) {
    const threshold = Math.max(x.zeroThreshold, y.zeroThreshold)
    x = withThreshold(x, threshold)
    y = withThreshold(y, threshold)
  }
  return [x, y]
}

/** At a scale that is `by` lower: 2^by neighbouring buckets become one. */
function coarser(value: ExponentialHistogramValue, by: number): ExponentialHistogramValue {
  if (by === 0) return value
  const shift = (buckets: ExponentialBuckets): ExponentialBuckets => {
    const { offset, counts } = buckets
    if (counts.length === 0) return { offset: offset >> Math.min(by, 31), counts }
    const first = offset >> Math.min(by, 31)
    const out = zeros(counts, ((offset + counts.length - 1) >> Math.min(by, 31)) - first + 1)
    for (let i = 0; i < counts.length; i++) addAt(out, ((offset + i) >> Math.min(by, 31)) - first, counts[i])
    return { offset: first, counts: normal(out) }
  }
  return { ...value, scale: value.scale - by, positive: shift(value.positive), negative: shift(value.negative) }
}

/** With a zero bucket that reaches to `threshold` at least. */
function withThreshold(value: ExponentialHistogramValue, threshold: number): ExponentialHistogramValue {
  if (value.zeroThreshold >= threshold) return value
  // The bucket (base^i, base^(i+1)] with the threshold in it.
  const index = Math.ceil(Math.log2(threshold) * 2 ** value.scale) - 1
  const positive = cutBelow(value.positive, index)
  const negativeSide = cutBelow(value.negative, index)
  const edge = positive.touches || negativeSide.touches ? 2 ** ((index + 1) / 2 ** value.scale) : threshold
  return {
    ...value,
    zeroThreshold: Math.max(edge, threshold),
    zeroCount: addCount(value.zeroCount, addCount(positive.cut, negativeSide.cut)),
    positive: positive.rest,
    negative: negativeSide.rest,
  }
}

/** Takes the buckets up to `index` away; `touches` when there were observations in the last of them. */
function cutBelow({ offset, counts }: ExponentialBuckets, index: number) {
  const n = Math.min(Math.max(index + 1 - offset, 0), counts.length)
  let cut: Count = 0
  for (let i = 0; i < n; i++) cut = addCount(cut, counts[i])
  const last = index - offset
  const touches = last >= 0 && last < counts.length && Number(counts[last]) > 0
  return { cut, touches, rest: n === 0 ? { offset, counts } : { offset: offset + n, counts: counts.slice(n) } }
}

function spanOf(a: ExponentialBuckets, b: ExponentialBuckets): number {
  if (a.counts.length === 0) return b.counts.length
  if (b.counts.length === 0) return a.counts.length
  return Math.max(a.offset + a.counts.length, b.offset + b.counts.length) - Math.min(a.offset, b.offset)
}

function addBuckets(
  a: ExponentialBuckets,
  b: ExponentialBuckets,
  add: (x: Counts, y: Counts) => Counts,
): ExponentialBuckets {
  if (b.counts.length === 0) return a
  const length = spanOf(a, b)
  const offset = a.counts.length === 0 ? b.offset : Math.min(a.offset, b.offset)
  return { offset, counts: add(padded(a, offset, length), padded(b, offset, length)) }
}

function padded({ offset, counts }: ExponentialBuckets, from: number, length: number): Counts {
  const out = zeros(counts, length)
  for (let i = 0; i < counts.length; i++) addAt(out, offset - from + i, counts[i])
  return out
}

// Counts are numbers while they are exact, bigints beyond; a list has one kind.

function addCount(a: Count, b: Count): Count {
  return addCounts(listOf(a), listOf(b))[0]
}
const listOf = (count: Count): Counts => (typeof count === 'bigint' ? BigUint64Array.of(count) : Float64Array.of(count))

function zeros(like: Counts, length: number): Counts {
  return like instanceof Float64Array ? new Float64Array(length) : new BigUint64Array(length)
}
function addAt(counts: Counts, i: number, count: Count): void {
  if (counts instanceof Float64Array) counts[i] += Number(count)
  else counts[i] += BigInt(count)
}

/** Item by item; the lists have the same length. A negated list is made by `negative`. */
function addCounts(a: Counts, b: Counts): Counts {
  if (a instanceof Float64Array && b instanceof Float64Array) {
    const out = new Float64Array(a.length)
    for (let i = 0; i < a.length; i++) out[i] = a[i] + b[i]
    if (out.every(count => count <= MAX_SAFE)) return out
  }
  const out = new BigUint64Array(a.length)
  for (let i = 0; i < a.length; i++) out[i] = big(a[i]) + big(b[i])
  return normal(out)
}
const big = (count: Count): bigint => (typeof count === 'bigint' ? count : BigInt(Math.round(count)))

function negative(counts: Counts): Counts {
  if (counts instanceof Float64Array) return counts.map(count => -count)
  return counts.map(count => BigInt.asUintN(64, -count))
}

/** As numbers where that is exact. */
function normal(counts: Counts): Counts {
  if (counts instanceof Float64Array) return counts
  return counts.every(count => count <= BigInt(MAX_SAFE)) ? Float64Array.from(counts, Number) : counts
}

/** Whether all differences are of at least 0: one below is a number below 0, or wrapped around in 64 bits. */
function neverNegative(count: Count, counts: Counts): boolean {
  const fine = (item: Count): boolean => (typeof item === 'bigint' ? item < 2n ** 63n : item >= 0)
  if (!fine(count)) return false
  return counts instanceof Float64Array ? counts.every(fine) : counts.every(fine)
}
