import { addDistributions, subtractDistributions, withoutExtremes } from './accumulate_distributions.ts'
import { nanosToMs, type PointCursor } from './metrics/batch.ts'
import type { DistributionValue } from './metrics/values.ts'

/** What a point says: a double, an int64 or a distribution. */
export type Value = number | bigint | DistributionValue

/** What is remembered of a series: the running total, or what was seen last. Times are Unix nanoseconds in halves. */
export interface Remembered {
  readonly value: Value
  readonly startLo: number
  readonly startHi: number
  readonly timeLo: number
  readonly timeHi: number
}

/** Why a point that was converted is not handed on. */
export type AccumulateLoss =
  | 'max_streams'
  | 'series_table_full'
  | 'out_of_order'
  | 'older_start'
  | 'initial_value'
  | 'not_a_number'

/** What becomes of a point: what is handed on in its place, or why nothing is, and what is remembered from then on. */
export interface Step {
  readonly emit: { readonly value: Value; readonly startLo: number; readonly startHi: number } | AccumulateLoss
  /** Undefined: what was remembered stays as it is. */
  readonly keep?: Remembered
}

/** How the points of one series are converted, one after the other. */
export type Rule = (point: PointCursor, value: Value, known: Remembered | undefined) => Step

/** The running total of all deltas since the first one, whose start time it has. OpenTelemetry data model, «Sums: Delta-to-Cumulative». */
export const deltaToCumulative: Rule = (point, value, known) => {
  const { timeLo, timeHi, startLo, startHi } = point
  if (Number.isNaN(value)) return { emit: 'not_a_number' }
  if (known && !isAfter(timeLo, timeHi, known.timeLo, known.timeHi)) return { emit: 'out_of_order' }
  if (known && (startLo | startHi) !== 0 && isAfter(known.startLo, known.startHi, startLo, startHi))
    return { emit: 'older_start' }
  const total = known && add(known.value, value)
  // Other bounds or another kind: nothing can be added up, so the total begins again here.
  const first = total === undefined ? point : known
  const keep = {
    value: total ?? value,
    startLo: first?.startLo ?? 0,
    startHi: first?.startHi ?? 0,
    timeLo,
    timeHi,
  }
  return { emit: keep, keep }
}

/** What to do with the first point of a series, of which nobody knows how much of it is new. */
export type InitialValue = 'auto' | 'keep' | 'drop'

/**
 * The increase since the point before. A value that is smaller, or whose start lies behind the point before, counts from 0
 * (a reset). `auto` keeps a first value that began after `sinceMs`, when we were there already.
 */
export function cumulativeToDelta(initial: InitialValue, sinceMs: number): Rule {
  return (point, value, known) => {
    const { startLo, startHi, timeLo, timeHi } = point
    if (Number.isNaN(value)) return { emit: 'not_a_number' }
    const keep = { value, startLo, startHi, timeLo, timeHi }
    const whole = typeof value === 'object' ? withoutExtremes(value) : value
    if (!known) {
      const begun = nanosToMs(startLo, startHi) >= sinceMs && isAfter(timeLo, timeHi, startLo, startHi)
      const kept = initial === 'keep' || (initial === 'auto' && begun)
      return { emit: kept ? { value: whole, startLo, startHi } : 'initial_value', keep }
    }
    if (!isAfter(timeLo, timeHi, known.timeLo, known.timeHi)) return { emit: 'out_of_order' }
    const sameStart = startLo === known.startLo && startHi === known.startHi
    const restarted = !sameStart && (startLo | startHi) !== 0 && !isAfter(known.timeLo, known.timeHi, startLo, startHi)
    const increase = restarted ? undefined : subtract(value, known.value)
    const from = restarted ? keep : { startLo: known.timeLo, startHi: known.timeHi }
    return { emit: { value: increase ?? whole, startLo: from.startLo, startHi: from.startHi }, keep }
  }
}

/** True when a time is later than another one, or either is not said. */
function isAfter(lo: number, hi: number, otherLo: number, otherHi: number): boolean {
  if ((lo | hi) === 0 || (otherLo | otherHi) === 0) return true
  return hi > otherHi || (hi === otherHi && lo > otherLo)
}

function add(a: Value, b: Value): Value | undefined {
  if (typeof a === 'object' || typeof b === 'object')
    return typeof a === 'object' && typeof b === 'object' ? addDistributions(a, b) : undefined
  if (typeof a === 'bigint' && typeof b === 'bigint') return BigInt.asIntN(64, a + b)
  return Number(a) + Number(b)
}

/** Undefined when the later value is no continuation of the earlier one. */
function subtract(later: Value, earlier: Value): Value | undefined {
  if (typeof later === 'object' || typeof earlier === 'object')
    return typeof later === 'object' && typeof earlier === 'object' ? subtractDistributions(later, earlier) : undefined
  if (later < earlier) return undefined
  if (typeof later === 'bigint' && typeof earlier === 'bigint') return later - earlier
  return Number(later) - Number(earlier)
}
