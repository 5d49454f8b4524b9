import type { Counts, DistributionValue } from '../../src/telemetry/metrics/values.ts'

/** The value that a distribution has before anything was observed. */
export function zeroed(value: DistributionValue): DistributionValue {
  if ('quantiles' in value)
    return { ...value, count: 0, sum: 0, values: new Float64Array(value.values.length).fill(Number.NaN) }
  const sum = value.sum === undefined ? undefined : 0
  if ('bounds' in value) return { count: 0, sum, bounds: value.bounds, counts: empty(value.counts) }
  const { offset } = value.positive
  return {
    ...value,
    count: 0,
    sum,
    zeroCount: 0,
    positive: { offset, counts: new Float64Array(0) },
    negative: { offset, counts: new Float64Array(0) },
  }
}

const empty = (counts: Counts): Float64Array => new Float64Array(counts.length)
