import { MIN_SCHEMA } from '../../src/prometheus/native_histogram.ts'
import { hashKey } from '../../src/telemetry/hash.ts'
import { FLAG, int64ToNumber, type MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import type { Descriptor } from '../../src/telemetry/metrics/descriptor.ts'
import type { SeriesKey } from '../../src/telemetry/metrics/series_key.ts'
import { NO_SERIES, type SeriesTable, slotOf, TRANSIENT } from '../../src/telemetry/metrics/series_table.ts'
import type { DistributionValue, Exemplar } from '../../src/telemetry/metrics/values.ts'
import type { Collection } from '../../src/telemetry/origin.ts'
import { REFUSALS, refusalOf } from './refusals.ts'
import { type Source, Sources } from './sources.ts'

/** Bits of `states`; an entry with none of them is a plain number. */
export const STATE = {
  DISTRIBUTION: 1,
  /** Its 0 was not seen yet. */
  FRESH: 2,
  LINGERING: 4,
  EXEMPLARS: 8,
  /** No series of a pipeline: it stays until it is removed. */
  OWN: 16,
} as const

/** A zero is shown until one scrape saw it, or for this long. */
const FRESH_MS = 120_000
const NOBODY = 0xffffffff
const OUT_OF_ORDER = refusalOf('out_of_order')
const SERIES_LIMIT = refusalOf('series_limit')
const UNSUPPORTED_SCALE = refusalOf('unsupported_scale')
const INVALID_VALUE = refusalOf('invalid_value')
/** Partial collections whose series are remembered until their scrape is answered. */
const MAX_PARTIALS = 16

/** A series whose 0 waits to be seen. */
export interface FreshMark {
  seen: boolean
  readonly sinceMs: number
}

/** What the store tells of and asks about. */
export interface StoreOwner {
  /** Why points of this metric can't be shown, or undefined. */
  refusal(descriptor: Descriptor): number
  added(entry: number): void
  removed(entry: number): void
  dropped(refusal: number, items: number): void
}

/** The last point of every series, in columns by entry number. */
export class SeriesStore {
  readonly table: SeriesTable
  /** Counts changes; pages of the same version are the same. */
  version = 0
  /** One more than the highest entry in use. */
  end = 0
  ids = new Uint32Array(0)
  states = new Uint8Array(0)
  values = new Float64Array(0)
  /** Unix nanoseconds as lo, hi pairs. */
  times = new Uint32Array(0)
  starts = new Uint32Array(0)
  /** Why the entry is not shown though it is there. */
  refusals = new Uint8Array(0)
  readonly distributions: (DistributionValue | undefined)[] = []
  readonly exemplars = new Map<number, readonly Exemplar[]>()
  readonly fresh = new Map<number, FreshMark>()
  #alive = new Uint8Array(0)
  #shapes = new Uint8Array(0)
  #seenMs = new Float64Array(0)
  #epochs = new Uint32Array(0)
  readonly #sources: (Source | undefined)[] = []
  /** Keys of series that found no room in the table. */
  readonly #keys: (SeriesKey | undefined)[] = []
  readonly #entryOfKey = new Map<string, number>()
  /** Entry + 1 by slot of the table. */
  #entryOfSlot = new Uint32Array(0)
  readonly #owner: StoreOwner
  readonly #named = new Sources()
  readonly #partials = new Map<string, Set<number>>()
  #free: number[] = []
  #freed: number[] = []
  #readers = 0
  readonly #refused = new Uint32Array(REFUSALS.length)

  constructor(table: SeriesTable, owner: StoreOwner) {
    this.table = table
    this.#owner = owner
  }

  alive(entry: number): boolean {
    return this.#alive[entry] === 1
  }

  key(entry: number): SeriesKey {
    return this.#keys[entry] ?? this.table.key(this.ids[entry])
  }

  /** Takes the points of a batch; what can't be shown is counted as dropped, by reason. */
  consume(batch: MetricBatch, nowMs: number): void {
    const { collection, points } = batch
    const { count, series, flags, values, times, starts, distributions } = points
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
    const source = collection && this.#named.of(collection)
    const partial = collection?.partial ? this.#partial(collection) : undefined
    const epoch = source?.epoch ?? 0
    this.version++
    for (let i = 0; i < count; i++) {
      const flag = flags[i]
      const distribution = (flag & FLAG.DISTRIBUTION) === 0 ? undefined : distributions[values[i]]
      if (distribution && isUnsupported(distribution)) {
        this.#refused[UNSUPPORTED_SCALE]++
        continue
      }
      let entry = this.#entry(batch, series[i], i)
      if ((flag & FLAG.STALE) !== 0) {
        if (entry >= 0) this.#remove(entry)
        continue
      }
      if (entry < 0) {
        entry = this.#admit(batch, i, distribution)
        if (entry < 0) continue
      } else if (shapeOf(distribution) !== this.#shapes[entry]) {
        this.#refused[INVALID_VALUE]++
        continue
      } else if (!source && this.#isOlder(entry, times[i * 2], times[i * 2 + 1])) {
        this.#refused[OUT_OF_ORDER]++
        continue
      }
      if (this.refusals[entry] !== 0) this.#refused[this.refusals[entry]]++
      if (flag === 0) this.values[entry] = values[i]
      else if (flag === FLAG.INT) this.values[entry] = int64ToNumber(words[i * 2], words[i * 2 + 1])
      if ((flag & ~FLAG.INT) !== 0 || this.states[entry] !== 0 || points.exemplars.size > 0)
        this.#special(entry, batch, i, words, nowMs)
      this.times[entry * 2] = times[i * 2]
      this.times[entry * 2 + 1] = times[i * 2 + 1]
      this.starts[entry * 2] = starts[i * 2]
      this.starts[entry * 2 + 1] = starts[i * 2 + 1]
      this.#seenMs[entry] = nowMs
      this.#epochs[entry] = epoch
      if (this.#sources[entry] !== source) this.#sources[entry] = source
      partial?.add(entry)
    }
    this.#countRefused()
  }

  /** Everything but a plain number in a plain entry. */
  #special(entry: number, batch: MetricBatch, i: number, words: Uint32Array, nowMs: number): void {
    const { flags, values, distributions, exemplars } = batch.points
    const flag = flags[i]
    let state = this.states[entry] & (STATE.FRESH | STATE.DISTRIBUTION)
    if ((state & STATE.DISTRIBUTION) !== 0) this.distributions[entry] = distributions[values[i]]
    else this.values[entry] = (flag & FLAG.INT) !== 0 ? int64ToNumber(words[i * 2], words[i * 2 + 1]) : values[i]
    if ((flag & FLAG.FRESH) !== 0) {
      state |= STATE.FRESH
      this.fresh.set(entry, { seen: false, sinceMs: nowMs })
    }
    if ((flag & FLAG.LINGERING) !== 0) state |= STATE.LINGERING
    const list = exemplars.get(i)
    if (list) {
      state |= STATE.EXEMPLARS
      this.exemplars.set(entry, list)
    } else this.exemplars.delete(entry)
    this.states[entry] = state
  }

  /** The entry of a point's series, or -1. */
  #entry(batch: MetricBatch, id: number, i: number): number {
    if (id < TRANSIENT) {
      const slot = slotOf(id)
      const entry = slot < this.#entryOfSlot.length ? this.#entryOfSlot[slot] - 1 : -1
      if (entry >= 0 && this.ids[entry] === id) return entry
      return this.#entryOfKey.size === 0 ? -1 : this.#adopt(this.#entryOfKey.get(hashKey(batch.key(i).hash)), id)
    }
    const { hash } = batch.key(i)
    const interned = this.table.find(hash)
    if (interned !== NO_SERIES) return this.#entry(batch, interned, i)
    return this.#entryOfKey.get(hashKey(hash)) ?? -1
  }

  /** A series that was kept by its key found a place in the table after all. */
  #adopt(entry: number | undefined, id: number): number {
    if (entry === undefined) return -1
    this.#entryOfKey.delete(hashKey((this.#keys[entry] as SeriesKey).hash))
    this.#keys[entry] = undefined
    this.table.retain(id)
    this.#bind(entry, id)
    return entry
  }

  #bind(entry: number, id: number): void {
    const slot = slotOf(id)
    if (slot >= this.#entryOfSlot.length)
      this.#entryOfSlot = grown(this.#entryOfSlot, new Uint32Array(capacityFor(slot)))
    this.#entryOfSlot[slot] = entry + 1
    this.ids[entry] = id
  }

  #admit(batch: MetricBatch, i: number, distribution: DistributionValue | undefined): number {
    const descriptor = batch.descriptor(i)
    const shape = shapeOf(distribution)
    const refusal = shape === SHAPES[descriptor.kind] ? this.#owner.refusal(descriptor) : INVALID_VALUE
    if (refusal !== 0) {
      this.#refused[refusal]++
      return -1
    }
    const key = batch.key(i)
    const id = this.table.intern(key)
    if (id === NO_SERIES && this.#entryOfKey.size >= this.table.maxSeries) {
      this.#refused[SERIES_LIMIT]++
      return -1
    }
    const entry = this.#take()
    if (id !== NO_SERIES) this.#bind(entry, id)
    else {
      this.#keys[entry] = { ...key, hash: key.hash.slice(), attributes: key.attributes.slice() }
      this.#entryOfKey.set(hashKey(key.hash), entry)
    }
    this.#shapes[entry] = shape
    if (distribution) this.states[entry] = STATE.DISTRIBUTION
    this.#owner.added(entry)
    return entry
  }

  /** An entry of the exporter's own, with the value 1. The owner knows what it stands for. */
  addOwn(): number {
    const entry = this.#take()
    this.states[entry] = STATE.OWN
    this.values[entry] = 1
    this.version++
    return entry
  }
  removeOwn(entry: number): void {
    this.#remove(entry)
  }

  #take(): number {
    const entry = this.#free.pop() ?? this.end++
    if (entry >= this.ids.length) this.#grow(capacityFor(entry))
    this.ids[entry] = NOBODY
    this.states[entry] = this.refusals[entry] = 0
    this.times.fill(0, entry * 2, entry * 2 + 2)
    this.starts.fill(0, entry * 2, entry * 2 + 2)
    this.#alive[entry] = 1
    return entry
  }

  #remove(entry: number): void {
    this.#owner.removed(entry)
    const id = this.ids[entry]
    const key = this.#keys[entry]
    if (id !== NOBODY) {
      this.#entryOfSlot[slotOf(id)] = 0
      this.table.release(id)
    } else if (key) this.#entryOfKey.delete(hashKey(key.hash))
    this.#keys[entry] = this.distributions[entry] = this.#sources[entry] = undefined
    this.exemplars.delete(entry)
    this.fresh.delete(entry)
    this.#alive[entry] = 0
    this.version++
    for (const entries of this.#partials.values()) entries.delete(entry)
    if (this.#readers > 0) this.#freed.push(entry)
    else this.#free.push(entry)
  }

  /** Entries that are removed while somebody reads get no new series before the last reader is done. */
  beginReading(): void {
    this.#readers++
  }
  endReading(): void {
    if (--this.#readers > 0) return
    this.#free.push(...this.#freed.splice(0))
  }

  /**
   * Removes what is over: series that their source's newest collection has not, pushed ones without a point for
   * `expirationMs`. `collected` says which collection of a source is complete; of others the newest one counts.
   */
  prepare(collected: ReadonlyMap<string, number>, expirationMs: number, nowMs: number): void {
    this.#named.raiseFloors(collected)
    this.#removeOver(expirationMs, nowMs)
    for (const [entry, mark] of this.fresh) {
      if (!mark.seen && nowMs - mark.sinceMs < FRESH_MS) continue
      this.states[entry] &= ~STATE.FRESH
      this.fresh.delete(entry)
      this.version++
    }
  }

  /** The same while nobody scrapes: a collection that may still be coming in hides nothing yet. */
  sweep(expirationMs: number, nowMs: number): void {
    this.#named.raiseFloorsToBefore()
    this.#removeOver(expirationMs, nowMs)
  }

  #removeOver(expirationMs: number, nowMs: number): void {
    const used = new Set<Source>()
    for (let entry = 0; entry < this.end; entry++) {
      if (this.#alive[entry] === 0 || (this.states[entry] & STATE.OWN) !== 0) continue
      const source = this.#sources[entry]
      if (source) used.add(source)
      if ((this.states[entry] & STATE.LINGERING) !== 0) continue
      const isOver = source ? this.#epochs[entry] < source.floor : nowMs - this.#seenMs[entry] >= expirationMs
      if (isOver) this.#remove(entry)
    }
    this.#named.keep(used)
  }

  /** Removes every series and gives it back to the table; entries of the owner go as it says. */
  close(): void {
    for (let entry = 0; entry < this.end; entry++)
      if (this.#alive[entry] === 1 && (this.states[entry] & STATE.OWN) === 0) this.#remove(entry)
  }

  /** The entries that a partial collection brought; asked once. */
  takePartial(source: string, sequence: number): ReadonlySet<number> {
    const key = `${sequence}|${source}`
    const entries = this.#partials.get(key)
    this.#partials.delete(key)
    return entries ?? new Set()
  }

  #partial({ source, sequence }: Collection): Set<number> {
    const key = `${sequence}|${source}`
    let entries = this.#partials.get(key)
    if (!entries) {
      entries = new Set()
      this.#partials.set(key, entries)
      const [oldest] = this.#partials.keys()
      if (this.#partials.size > MAX_PARTIALS) this.#partials.delete(oldest)
    }
    return entries
  }

  #isOlder(entry: number, lo: number, hi: number): boolean {
    const ownHi = this.times[entry * 2 + 1]
    return hi < ownHi || (hi === ownHi && lo < this.times[entry * 2])
  }

  #countRefused(): void {
    for (let refusal = 0; refusal < this.#refused.length; refusal++) {
      if (this.#refused[refusal] > 0) this.#owner.dropped(refusal, this.#refused[refusal])
      this.#refused[refusal] = 0
    }
  }

  #grow(n: number): void {
    this.ids = grown(this.ids, new Uint32Array(n))
    this.states = grown(this.states, new Uint8Array(n))
    this.values = grown(this.values, new Float64Array(n))
    this.times = grown(this.times, new Uint32Array(n * 2))
    this.starts = grown(this.starts, new Uint32Array(n * 2))
    this.refusals = grown(this.refusals, new Uint8Array(n))
    this.#alive = grown(this.#alive, new Uint8Array(n))
    this.#shapes = grown(this.#shapes, new Uint8Array(n))
    this.#seenMs = grown(this.#seenMs, new Float64Array(n))
    this.#epochs = grown(this.#epochs, new Uint32Array(n))
  }
}

/** What a value must be for its kind of metric; a series never changes from one to another. */
const SHAPES = { gauge: 0, sum: 0, histogram: 1, exponential_histogram: 2, summary: 3 } as const

function shapeOf(value: DistributionValue | undefined): number {
  if (!value) return 0
  if ('bounds' in value) return SHAPES.histogram
  return 'quantiles' in value ? SHAPES.summary : SHAPES.exponential_histogram
}

/** Prometheus has no buckets as wide as these. */
const isUnsupported = (value: DistributionValue): boolean => 'scale' in value && value.scale < MIN_SCHEMA

const capacityFor = (index: number): number => Math.max(1024, 2 ** Math.ceil(Math.log2(index + 1)))

export function grown<T extends Uint8Array | Uint32Array | Float64Array>(old: T, bigger: T): T {
  bigger.set(old as never)
  return bigger
}
