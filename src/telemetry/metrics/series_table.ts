import { type Hash128, newSeed } from '../hash.ts'
import type { Resource, Scope } from '../resource.ts'
import { ByteArena } from './byte_arena.ts'
import type { Descriptor } from './descriptor.ts'
import { HashIndex } from './hash_index.ts'
import { KeyMaker, type SeriesKey } from './series_key.ts'
import { Shared } from './shared.ts'

/** A series in the table: a dense slot number with the slot's generation, so that a handle kept too long is noticed. */
export type SeriesId = number
export const NO_SERIES: SeriesId = -1

const SLOT_BITS = 24
const SLOT_MASK = (1 << SLOT_BITS) - 1
/** Generation 255 is never given out: batches use it for the series that are not in the table. */
export const TRANSIENT = 0xff000000
const GENERATIONS = 255

export const slotOf = (id: SeriesId): number => id & SLOT_MASK

export interface SeriesTableOptions {
  /** Most series interned at a time; at most 16,777,215. Samples of others travel with transient keys. */
  maxSeries?: number
  seed?: Hash128
  /** Monotonic milliseconds. */
  nowMs?: () => number
}

/**
 * All series that some component retains, in columns: about 60 bytes each and their labels, where a million small
 * objects in a Map cost 629 bytes each. Nothing is interned by being looked up.
 */
export class SeriesTable {
  readonly keys: KeyMaker
  readonly maxSeries: number
  readonly #nowMs: () => number
  readonly #index: HashIndex
  readonly #arena = new ByteArena()
  readonly #resources: Shared<Resource>
  readonly #scopes: Shared<Scope>
  readonly #descriptors: Shared<Descriptor>
  #capacity = 0
  #hashes = new Uint32Array(0)
  #generation = new Uint8Array(0)
  #holders = new Uint32Array(0)
  #seenSeconds = new Uint32Array(0)
  #segment = new Uint32Array(0)
  #offset = new Uint32Array(0)
  #length = new Uint32Array(0)
  #resource: (Resource | undefined)[] = []
  #scope: (Scope | undefined)[] = []
  #descriptor: (Descriptor | undefined)[] = []
  #free: number[] = []
  #end = 0
  #sweptTo = 0
  #scratch: Hash128 = new Uint32Array(4)

  constructor({ maxSeries = 1_000_000, seed = newSeed(), nowMs = () => performance.now() }: SeriesTableOptions = {}) {
    this.maxSeries = Math.min(maxSeries, SLOT_MASK)
    this.keys = new KeyMaker(seed)
    this.#nowMs = nowMs
    this.#index = new HashIndex(this.#hashes)
    const one = this.keys
    this.#resources = new Shared(item => one.resourceHash(item))
    this.#scopes = new Shared(item => one.scopeHash(item))
    this.#descriptors = new Shared(item => one.descriptorHash(item))
  }

  /** Series in the table now. */
  get size(): number {
    return this.#end - this.#free.length
  }

  /** Bytes of columns, index and labels. */
  get sizeBytes(): number {
    return this.#capacity * (16 + 1 + 4 * 5 + 3 * 8) + this.#index.sizeBytes + this.#arena.sizeBytes
  }

  /** The series with this identity, or NO_SERIES. Counts as a use. */
  find(hash: Hash128): SeriesId {
    const slot = this.#index.find(hash)
    if (slot < 0) return NO_SERIES
    this.#seenSeconds[slot] = this.#nowMs() / 1000
    return this.#id(slot)
  }

  /** `find` for parts that are not a key yet; no allocation. */
  findParts(resource: Resource, scope: Scope, descriptor: Descriptor, attributes: Uint8Array): SeriesId {
    this.keys.hash(resource, scope, descriptor, attributes, this.#scratch)
    return this.find(this.#scratch)
  }

  /** Retains the series, adding it (its bytes are copied) when it is not there; NO_SERIES when the table is full. */
  intern(key: SeriesKey): SeriesId {
    const found = this.find(key.hash)
    if (found !== NO_SERIES) {
      this.#holders[slotOf(found)]++
      return found
    }
    const slot = this.#take()
    if (slot < 0) return NO_SERIES
    this.#hashes.set(key.hash, slot << 2)
    this.#index.add(slot)
    this.#holders[slot] = 1
    this.#seenSeconds[slot] = this.#nowMs() / 1000
    this.#store(slot, key.attributes)
    this.#resource[slot] = this.#resources.retain(key.resource)
    this.#scope[slot] = this.#scopes.retain(key.scope)
    this.#descriptor[slot] = this.#descriptors.retain(key.descriptor)
    return this.#id(slot)
  }

  retain(id: SeriesId): void {
    this.#holders[this.#slot(id)]++
  }

  release(id: SeriesId): void {
    this.#holders[this.#slot(id)]--
  }

  /** True while the handle means the series that it was given for. */
  valid(id: SeriesId): boolean {
    const slot = slotOf(id)
    return slot < this.#end && this.#generation[slot] === id >>> SLOT_BITS && this.#descriptor[slot] !== undefined
  }

  descriptor(id: SeriesId): Descriptor {
    return this.#descriptor[this.#slot(id)] as Descriptor
  }
  resource(id: SeriesId): Resource {
    return this.#resource[this.#slot(id)] as Resource
  }
  scope(id: SeriesId): Scope {
    return this.#scope[this.#slot(id)] as Scope
  }
  /** A view on the label bytes; it stays valid. */
  attributes(id: SeriesId): Uint8Array {
    const slot = this.#slot(id)
    return this.#arena.view(this.#segment[slot], this.#offset[slot], this.#length[slot])
  }
  key(id: SeriesId): SeriesKey {
    const slot = this.#slot(id)
    return {
      hash: this.#hashes.slice(slot << 2, (slot << 2) + 4),
      resource: this.#resource[slot] as Resource,
      scope: this.#scope[slot] as Scope,
      descriptor: this.#descriptor[slot] as Descriptor,
      attributes: this.attributes(id),
    }
  }

  /**
   * Looks at up to `slots` slots from where the last call stopped: frees series that nobody holds and that were idle for
   * `idleMs`, and moves labels out of sparse segments. Returns how many were freed.
   */
  sweep(idleMs: number, slots = 10_000): number {
    const before = this.#nowMs() / 1000 - idleMs / 1000
    let freed = 0
    for (let n = Math.min(slots, this.#end); n > 0; n--) {
      if (this.#sweptTo >= this.#end) this.#sweptTo = 0
      const slot = this.#sweptTo++
      if (this.#descriptor[slot] === undefined) continue
      if (this.#holders[slot] === 0 && this.#seenSeconds[slot] < before) {
        this.#drop(slot)
        freed++
      } else if (this.#arena.sparse(this.#segment[slot])) {
        const bytes = this.#arena.view(this.#segment[slot], this.#offset[slot], this.#length[slot])
        this.#arena.free(this.#segment[slot], this.#length[slot])
        this.#store(slot, bytes)
      }
    }
    return freed
  }

  #id(slot: number): SeriesId {
    return ((this.#generation[slot] << SLOT_BITS) | slot) >>> 0
  }

  #slot(id: SeriesId): number {
    if (!this.valid(id)) throw new RangeError(`series ${id} was freed: a handle was kept without retain`)
    return slotOf(id)
  }

  #store(slot: number, bytes: Uint8Array): void {
    const { segment, offset } = this.#arena.add(bytes)
    this.#segment[slot] = segment
    this.#offset[slot] = offset
    this.#length[slot] = bytes.length
  }

  #drop(slot: number): void {
    this.#index.remove(slot)
    this.#arena.free(this.#segment[slot], this.#length[slot])
    this.#resources.release(this.#resource[slot] as Resource)
    this.#scopes.release(this.#scope[slot] as Scope)
    this.#descriptors.release(this.#descriptor[slot] as Descriptor)
    this.#resource[slot] = this.#scope[slot] = this.#descriptor[slot] = undefined
    this.#generation[slot] = (this.#generation[slot] + 1) % GENERATIONS
    this.#free.push(slot)
  }

  #take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#end >= this.maxSeries) return -1
    if (this.#end === this.#capacity) this.#grow()
    return this.#end++
  }

  #grow(): void {
    this.#capacity = Math.min(Math.max(1024, this.#capacity * 2), this.maxSeries)
    const n = this.#capacity
    this.#hashes = this.#index.lanes = grown(this.#hashes, new Uint32Array(n * 4))
    this.#generation = grown(this.#generation, new Uint8Array(n))
    this.#holders = grown(this.#holders, new Uint32Array(n))
    this.#seenSeconds = grown(this.#seenSeconds, new Uint32Array(n))
    this.#segment = grown(this.#segment, new Uint32Array(n))
    this.#offset = grown(this.#offset, new Uint32Array(n))
    this.#length = grown(this.#length, new Uint32Array(n))
  }
}

function grown<T extends Uint32Array | Uint8Array>(old: T, bigger: T): T {
  bigger.set(old)
  return bigger
}
