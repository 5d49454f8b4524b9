import type { AccumulateLoss, Remembered, Rule, Value } from './accumulate.ts'
import { FLAG, type MetricBatch, PointCursor } from './metrics/batch.ts'
import { BatchBuilder } from './metrics/batch_builder.ts'
import type { Descriptor, Temporality } from './metrics/descriptor.ts'
import type { SeriesKey } from './metrics/series_key.ts'
import { NO_SERIES, type SeriesId, type SeriesTable } from './metrics/series_table.ts'

export interface AccumulatorOptions {
  readonly table: SeriesTable
  readonly to: 'delta' | 'cumulative'
  readonly rule: Rule
  /** Series to remember at most; points of further ones are lost. */
  readonly maxSeries: number
  /** A series that was not seen for so long is forgotten; 0: never. */
  readonly staleMs: number
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** Which metrics are converted, of those that can be. */
  converts?(descriptor: Descriptor): boolean
}

/** A converted batch, and how to forget what was learned from it when nobody took it. */
export interface Converted {
  readonly batch: MetricBatch
  readonly lost: ReadonlyMap<AccumulateLoss, number>
  undo(): void
}

/** A series: what is remembered of it, the one that its converted points belong to (or none, when the table was full), and when. */
interface State {
  readonly known: Remembered
  readonly out: SeriesId
  readonly seenMs: number
}

/**
 * Converts points between delta and cumulative temporality, series by series, over a bounded memory. Converting changes what
 * is remembered at once: convert one batch at a time, and `undo` it when it was not taken, so that it may be offered again.
 */
export class Accumulator {
  readonly #options: AccumulatorOptions
  readonly #from: Temporality
  readonly #states = new Map<SeriesId, State>()
  readonly #descriptors = new WeakMap<Descriptor, Descriptor>()
  readonly #builder: BatchBuilder
  #sweep: Iterator<[SeriesId, State]> | undefined

  constructor(options: AccumulatorOptions) {
    this.#options = options
    this.#from = options.to === 'delta' ? 'cumulative' : 'delta'
    this.#builder = new BatchBuilder(options.table)
  }

  /** Series that are remembered. */
  get size(): number {
    return this.#states.size
  }

  /** The batch with its points converted; the batch itself when there is nothing to convert. */
  convert(batch: MetricBatch): Converted {
    this.#forgetSome(1000 + batch.itemCount)
    const lost = new Map<AccumulateLoss, number>()
    const before = new Map<SeriesId, State | undefined>()
    const undo = (): void => this.#undo(before)
    if (!this.#concerns(batch)) return { batch, lost, undo }
    const point = new PointCursor(batch)
    for (; point.index < batch.itemCount; point.index++) {
      const loss = this.#converts(point.descriptor) ? this.#convert(point, before) : this.#passOn(point)
      if (loss) lost.set(loss, (lost.get(loss) ?? 0) + 1)
    }
    return { batch: this.#builder.finish(batch.origin), lost, undo }
  }

  /** Forgets every series. */
  close(): void {
    for (const id of [...this.#states.keys()]) this.#forget(id)
  }

  #concerns(batch: MetricBatch): boolean {
    for (let i = 0; i < batch.itemCount; i++) if (this.#converts(batch.descriptor(i))) return true
    return false
  }

  #converts(descriptor: Descriptor): boolean {
    const { kind, temporality, monotonic } = descriptor
    if (temporality !== this.#from || kind === 'gauge' || kind === 'summary') return false
    // What also goes down has no resets, so nobody could tell one from a decrease.
    if (kind === 'sum' && !monotonic && this.#options.to === 'delta') return false
    return this.#options.converts?.(descriptor) ?? true
  }

  #convert(point: PointCursor, before: Map<SeriesId, State | undefined>): AccumulateLoss | undefined {
    const series = this.#known(point)
    const state = series === NO_SERIES ? undefined : this.#states.get(series)
    if (point.stale) {
      this.#builder.atNanos(point.timeLo, point.timeHi, point.startLo, point.startHi)
      this.#builder.stale(this.#refOut(point, state?.out ?? NO_SERIES))
      return undefined
    }
    const { emit, keep } = this.#options.rule(point, pointValue(point), state?.known)
    const now = keep ? this.#remember(point, series, state, keep, before) : state
    if (typeof now === 'string') return now
    if (typeof emit === 'string') return emit
    this.#builder.atNanos(point.timeLo, point.timeHi, emit.startLo, emit.startHi)
    this.#put(this.#refOut(point, now?.out ?? NO_SERIES), emit.value, point)
    return undefined
  }

  /** The series of the point when something is remembered of it. */
  #known(point: PointCursor): SeriesId {
    const { batch, index } = point
    const id = batch.seriesId(index)
    const found = id === NO_SERIES ? batch.table.find(batch.key(index).hash) : id
    return this.#states.has(found) ? found : NO_SERIES
  }

  #remember(
    point: PointCursor,
    series: SeriesId,
    state: State | undefined,
    known: Remembered,
    before: Map<SeriesId, State | undefined>,
  ): State | AccumulateLoss {
    const seenMs = this.#options.nowMs()
    const { table } = this.#options
    let id = series
    let out = state?.out ?? NO_SERIES
    if (!state) {
      if (this.#states.size >= this.#options.maxSeries) return 'max_streams'
      id = table.intern(point.key)
      if (id === NO_SERIES) return 'series_table_full'
      out = table.intern(this.#keyOut(point))
    }
    if (!before.has(id)) before.set(id, state)
    const next = { known, out, seenMs }
    this.#states.set(id, next)
    return next
  }

  /** The key of the point's series with the other temporality. */
  #keyOut(point: PointCursor): SeriesKey {
    const { resource, scope, descriptor, attributes } = point.key
    let changed = this.#descriptors.get(descriptor)
    if (!changed) {
      changed = { ...descriptor, temporality: this.#options.to }
      this.#descriptors.set(descriptor, changed)
    }
    return this.#options.table.keys.key(resource, scope, changed, attributes)
  }
  #refOut(point: PointCursor, out: SeriesId): SeriesId {
    return out === NO_SERIES ? this.#builder.ref(this.#keyOut(point)) : out
  }

  /** A point that is not converted, as it is. */
  #passOn(point: PointCursor): undefined {
    const id = point.batch.seriesId(point.index)
    const series = id === NO_SERIES ? this.#builder.ref(point.key) : id
    this.#builder.atNanos(point.timeLo, point.timeHi, point.startLo, point.startHi)
    if (point.stale) this.#builder.stale(series)
    else this.#put(series, pointValue(point), point)
  }

  #put(series: SeriesId, value: Value, point: PointCursor): void {
    const flags = point.flags & (FLAG.FRESH | FLAG.LINGERING)
    if (typeof value === 'number') this.#builder.number(series, value, flags)
    else if (typeof value === 'bigint') {
      const bits = BigInt.asUintN(64, value)
      this.#builder.int(series, Number(bits & 0xffffffffn), Number(bits >> 32n), flags)
    } else this.#builder.distribution(series, value, flags)
    this.#builder.exemplars(point.exemplars)
  }

  #undo(before: Map<SeriesId, State | undefined>): void {
    for (const [id, state] of before) {
      if (state) this.#states.set(id, state)
      else this.#forget(id)
    }
    before.clear()
  }

  #forget(id: SeriesId): void {
    const state = this.#states.get(id)
    if (!state) return
    this.#states.delete(id)
    this.#options.table.release(id)
    if (state.out !== NO_SERIES) this.#options.table.release(state.out)
  }

  /** Looks at some of the series, from where it stopped last, and forgets those that were not seen for long. */
  #forgetSome(count: number): void {
    const { staleMs, nowMs } = this.#options
    if (staleMs === 0) return
    const before = nowMs() - staleMs
    for (let i = 0; i < count; i++) {
      this.#sweep ??= this.#states.entries()
      const next = this.#sweep.next()
      if (next.done) {
        this.#sweep = undefined
        return
      }
      const [id, { seenMs }] = next.value
      if (seenMs < before) this.#forget(id)
    }
  }
}

function pointValue(point: PointCursor): Value {
  if (point.distribution) return point.distribution
  if (!point.isInt) return point.value
  return BigInt.asIntN(64, (BigInt(point.valueHi) << 32n) | BigInt(point.valueLo))
}

/**
 * Hands batches through an accumulator to `send`, one after the other: each is answered for as `send` did, and one that was
 * rejected is forgotten again. `lost` hears of the points that are not handed on, once the rest was taken.
 */
export function convertInTurn(
  accumulator: Accumulator,
  send: (batch: MetricBatch) => Promise<void>,
  lost: (reason: AccumulateLoss, points: number) => void,
): (batch: MetricBatch) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  const run = async (batch: MetricBatch): Promise<void> => {
    const converted = accumulator.convert(batch)
    try {
      if (converted.batch.itemCount > 0) await send(converted.batch)
    } catch (error) {
      converted.undo()
      throw error
    }
    for (const [reason, points] of converted.lost) lost(reason, points)
  }
  return batch => {
    const turn = last.then(() => run(batch))
    last = turn.catch(() => {})
    return turn
  }
}
