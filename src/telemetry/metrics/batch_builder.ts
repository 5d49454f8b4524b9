import type { Origin } from '../origin.ts'
import { FLAG, MetricBatch, msToNanos, type Points } from './batch.ts'
import type { SeriesKey } from './series_key.ts'
import { NO_SERIES, type SeriesId, type SeriesTable, TRANSIENT } from './series_table.ts'
import type { DistributionValue, Exemplar } from './values.ts'

const MAX_TRANSIENT = 0xffffff

/** Collects points into columns that grow by doubling; `finish` hands them over and begins anew. */
export class BatchBuilder {
  readonly #table: SeriesTable
  #count = 0
  #series = new Uint32Array(256)
  #flags = new Uint8Array(256)
  #values = new Float64Array(256)
  #words = new Uint32Array(this.#values.buffer)
  #times = new Uint32Array(512)
  #starts = new Uint32Array(512)
  #distributions: DistributionValue[] = []
  #exemplars = new Map<number, readonly Exemplar[]>()
  #transient: SeriesKey[] = []

  constructor(table: SeriesTable) {
    this.#table = table
  }

  get count(): number {
    return this.#count
  }

  /** Times of the points that follow, Unix milliseconds; `startMs` 0 = unknown. */
  at(timeMs: number, startMs = 0): this {
    msToNanos(timeMs, this.#now, 0)
    msToNanos(startMs, this.#now, 2)
    return this
  }
  /** As `at`, from the halves of Unix nanoseconds. */
  atNanos(timeLo: number, timeHi: number, startLo: number, startHi: number): this {
    this.#now[0] = timeLo
    this.#now[1] = timeHi
    this.#now[2] = startLo
    this.#now[3] = startHi
    return this
  }
  readonly #now = new Uint32Array(4)

  /** The reference of a key for the calls below: the interned series, or a transient one of this batch. */
  ref(key: SeriesKey): SeriesId {
    const id = this.#table.find(key.hash)
    if (id !== NO_SERIES) return id
    if (this.#transient.length > MAX_TRANSIENT) throw new RangeError('more than 16,777,215 new series in one batch')
    this.#transient.push(key)
    return (TRANSIENT + this.#transient.length - 1) >>> 0
  }

  /** A double. `flags`: FLAG.STALE, FRESH or LINGERING. */
  number(series: SeriesId, value: number, flags = 0): void {
    const i = this.#add(series, flags)
    this.#values[i] = value
  }

  /** An int64 in halves. */
  int(series: SeriesId, lo: number, hi: number, flags = 0): void {
    const i = this.#add(series, flags | FLAG.INT)
    this.#words[i * 2] = lo
    this.#words[i * 2 + 1] = hi
  }

  distribution(series: SeriesId, value: DistributionValue, flags = 0): void {
    const i = this.#add(series, flags | FLAG.DISTRIBUTION)
    this.#values[i] = this.#distributions.push(value) - 1
  }

  /** The series ends at this time. */
  stale(series: SeriesId): void {
    const i = this.#add(series, FLAG.STALE)
    this.#values[i] = 0
  }

  /** Exemplars of the point added last. */
  exemplars(list: readonly Exemplar[]): void {
    if (list.length > 0) this.#exemplars.set(this.#count - 1, list)
  }

  /** The batch of everything added; the builder is empty again. */
  finish(origin: Origin): MetricBatch {
    const n = this.#count
    const points: Points = {
      count: n,
      series: this.#series.slice(0, n),
      flags: this.#flags.slice(0, n),
      values: this.#values.slice(0, n),
      times: this.#times.slice(0, n * 2),
      starts: this.#starts.slice(0, n * 2),
      distributions: this.#distributions,
      exemplars: this.#exemplars,
      transient: this.#transient,
    }
    this.#count = 0
    this.#distributions = []
    this.#exemplars = new Map()
    this.#transient = []
    return new MetricBatch(this.#table, points, origin)
  }

  #add(series: SeriesId, flags: number): number {
    const i = this.#count++
    if (i === this.#series.length) this.#grow()
    this.#series[i] = series
    this.#flags[i] = flags
    this.#times[i * 2] = this.#now[0]
    this.#times[i * 2 + 1] = this.#now[1]
    this.#starts[i * 2] = this.#now[2]
    this.#starts[i * 2 + 1] = this.#now[3]
    return i
  }

  #grow(): void {
    const n = this.#series.length * 2
    this.#series = copied(this.#series, new Uint32Array(n))
    this.#flags = copied(this.#flags, new Uint8Array(n))
    this.#values = copied(this.#values, new Float64Array(n))
    this.#words = new Uint32Array(this.#values.buffer)
    this.#times = copied(this.#times, new Uint32Array(n * 2))
    this.#starts = copied(this.#starts, new Uint32Array(n * 2))
  }
}

function copied<T extends Uint32Array | Uint8Array | Float64Array>(old: T, bigger: T): T {
  bigger.set(old as never)
  return bigger
}
