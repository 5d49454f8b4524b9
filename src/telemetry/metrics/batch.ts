import type { Collection, Origin } from '../origin.ts'
import type { Resource, Scope } from '../resource.ts'
import type { Descriptor } from './descriptor.ts'
import type { SeriesKey } from './series_key.ts'
import { type SeriesId, type SeriesTable, slotOf, TRANSIENT } from './series_table.ts'
import type { DistributionValue, Exemplar } from './values.ts'

/** Flags of a point. The first is OTLP's own bit. */
export const FLAG = {
  /** No value was recorded: the series ends here (a stale marker). */
  STALE: 1,
  /** The value is an int64: read `valueLo`, `valueHi`. */
  INT: 2,
  /** The value is an index into `distributions`. */
  DISTRIBUTION: 4,
  /** The series begins at 0 here; whoever is read must show this 0 once before anything else. */
  FRESH: 8,
  /** The series ended, its last value stays to be read until a stale point: absence from a collection does not end it. */
  LINGERING: 16,
} as const

/** The columns of a batch: one row a point, in the order they were added. Shared between batches, never changed. */
export interface Points {
  readonly count: number
  /** Interned series, or TRANSIENT + index into `transient`. */
  readonly series: Uint32Array
  readonly flags: Uint8Array
  /** One 8-byte value a point: a double, an int64 (INT) or an index (DISTRIBUTION). */
  readonly values: Float64Array
  /** Unix nanoseconds as lo, hi pairs; 0 = not said. */
  readonly times: Uint32Array
  /** Start times, as `times`. */
  readonly starts: Uint32Array
  readonly distributions: readonly DistributionValue[]
  readonly exemplars: ReadonlyMap<number, readonly Exemplar[]>
  readonly transient: readonly SeriesKey[]
}

/** Metric points over interned series. Immutable; a processor makes a new one that shares the columns it does not change. */
export class MetricBatch {
  readonly signal = 'metrics'
  readonly table: SeriesTable
  readonly points: Points
  readonly origin: Origin

  constructor(table: SeriesTable, points: Points, origin: Origin) {
    this.table = table
    this.points = points
    this.origin = origin
  }

  /** Data points. */
  get itemCount(): number {
    return this.points.count
  }

  /** Bytes of the columns and of what they refer to outside the series table. */
  get sizeBytes(): number {
    const { count, distributions, exemplars, transient } = this.points
    let sum = count * 29
    for (const value of distributions) sum += 64 + distributionBytes(value)
    for (const list of exemplars.values()) sum += list.length * 64
    for (const key of transient) sum += 64 + key.attributes.length
    return sum
  }

  /** Metric columns are made for their batch: nothing else is kept alive. */
  get retainedBytes(): number {
    return this.sizeBytes
  }
  compact(): MetricBatch {
    return this
  }

  get collection(): Collection | undefined {
    return this.origin.collection
  }

  /** Walks the points with one cursor, which is valid inside the loop only. */
  *[Symbol.iterator](): Generator<PointCursor> {
    const cursor = new PointCursor(this)
    for (let i = 0; i < this.points.count; i++) {
      cursor.index = i
      yield cursor
    }
  }

  /** The key of the series of point `i`. */
  key(i: number): SeriesKey {
    const id = this.points.series[i]
    return id >= TRANSIENT ? this.points.transient[slotOf(id)] : this.table.key(id)
  }
  /** The interned series of point `i`; NO_SERIES when its key is transient. */
  seriesId(i: number): SeriesId {
    const id = this.points.series[i]
    return id >= TRANSIENT ? -1 : id
  }
  descriptor(i: number): Descriptor {
    const id = this.points.series[i]
    return id >= TRANSIENT ? this.points.transient[slotOf(id)].descriptor : this.table.descriptor(id)
  }
}

function distributionBytes(value: DistributionValue): number {
  if ('quantiles' in value) return value.quantiles.byteLength * 2
  if ('bounds' in value) return value.counts.byteLength
  return value.positive.counts.byteLength + value.negative.counts.byteLength
}

/** One point of a batch. Getters read the columns; `index` moves it. */
export class PointCursor {
  readonly batch: MetricBatch
  readonly #points: Points
  readonly #words: Uint32Array
  index = 0

  constructor(batch: MetricBatch) {
    this.batch = batch
    this.#points = batch.points
    const { values } = batch.points
    this.#words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  }

  get key(): SeriesKey {
    return this.batch.key(this.index)
  }
  get descriptor(): Descriptor {
    return this.batch.descriptor(this.index)
  }
  get resource(): Resource {
    return this.key.resource
  }
  get scope(): Scope {
    return this.key.scope
  }
  get flags(): number {
    return this.#points.flags[this.index]
  }
  get stale(): boolean {
    return (this.flags & FLAG.STALE) !== 0
  }
  get isInt(): boolean {
    return (this.flags & FLAG.INT) !== 0
  }
  /** The value as a double; an int64 beyond 2^53 is rounded. */
  get value(): number {
    return this.isInt ? int64ToNumber(this.valueLo, this.valueHi) : this.#points.values[this.index]
  }
  get valueLo(): number {
    return this.#words[this.index * 2]
  }
  get valueHi(): number {
    return this.#words[this.index * 2 + 1]
  }
  /** The value of a point that is not a number, else undefined. */
  get distribution(): DistributionValue | undefined {
    return (this.flags & FLAG.DISTRIBUTION) !== 0
      ? this.#points.distributions[this.#points.values[this.index]]
      : undefined
  }
  get timeLo(): number {
    return this.#points.times[this.index * 2]
  }
  get timeHi(): number {
    return this.#points.times[this.index * 2 + 1]
  }
  get startLo(): number {
    return this.#points.starts[this.index * 2]
  }
  get startHi(): number {
    return this.#points.starts[this.index * 2 + 1]
  }
  get timeMs(): number {
    return nanosToMs(this.timeLo, this.timeHi)
  }
  get startMs(): number {
    return nanosToMs(this.startLo, this.startHi)
  }
  get exemplars(): readonly Exemplar[] {
    return this.#points.exemplars.get(this.index) ?? NO_EXEMPLARS
  }
}

const NO_EXEMPLARS: readonly Exemplar[] = []

/** A signed 64-bit integer as the nearest double. */
export function int64ToNumber(lo: number, hi: number): number {
  return (hi | 0) * 4294967296 + (lo >>> 0)
}

/** Unix nanoseconds as milliseconds, rounded down; exact for every time until the year 2554. */
export function nanosToMs(lo: number, hi: number): number {
  // hi·2^32 + lo = (hi·4294 + …)·10^6 would round: divide in two steps that stay below 2^53.
  const upper = Math.floor(hi / 1000000)
  const rest = (hi - upper * 1000000) * 4294967296 + (lo >>> 0)
  return upper * 4294967296 + Math.floor(rest / 1000000)
}

/** Milliseconds as Unix nanoseconds, split in 32-bit halves. */
export function msToNanos(ms: number, out: Uint32Array, at: number): void {
  const whole = Math.floor(ms)
  const high = Math.floor(whole / 4294967296)
  const low = whole - high * 4294967296
  // (high·2^32 + low)·10^6, in halves of 16 bits of low so that every product is below 2^53
  const a = (low & 0xffff) * 1000000
  const b = (low >>> 16) * 1000000 + Math.floor(a / 65536)
  out[at] = (((b & 0xffff) << 16) | (a & 0xffff)) >>> 0
  out[at + 1] = high * 1000000 + Math.floor(b / 65536)
}
