import type { Hash128 } from '../hash.ts'

const SHARDS = 256
const FIRST_SIZE = 16

/**
 * From a 128-bit hash to a slot number: open addressing with linear probing in 256 shards, so that growth never copies
 * more than a 256th at once. The hashes live in one array of four lanes a slot, owned by the caller.
 */
export class HashIndex {
  readonly #tables: Uint32Array[] = Array.from({ length: SHARDS }, () => new Uint32Array(FIRST_SIZE))
  readonly #counts = new Uint32Array(SHARDS)
  /** Four lanes a slot; the owner replaces it when it grows. */
  lanes: Uint32Array

  constructor(lanes: Uint32Array) {
    this.lanes = lanes
  }

  get sizeBytes(): number {
    let sum = 0
    for (const table of this.#tables) sum += table.byteLength
    return sum
  }

  /** The slot of `hash`, or -1. */
  find(hash: Hash128): number {
    const table = this.#tables[hash[0] & (SHARDS - 1)]
    const mask = table.length - 1
    const lanes = this.lanes
    for (let i = hash[1] & mask; ; i = (i + 1) & mask) {
      const entry = table[i]
      if (entry === 0) return -1
      const lane = (entry - 1) << 2
      if (
        lanes[lane] === hash[0] &&
        lanes[lane + 1] === hash[1] &&
        lanes[lane + 2] === hash[2] &&
        lanes[lane + 3] === hash[3]
      )
        return entry - 1
    }
  }

  /** Adds a slot whose lanes are set and that is not in the index. */
  add(slot: number): void {
    const shard = this.lanes[slot << 2] & (SHARDS - 1)
    if ((this.#counts[shard] + 1) * 4 > this.#tables[shard].length * 3) this.#grow(shard)
    place(this.#tables[shard], this.lanes[(slot << 2) + 1], slot + 1)
    this.#counts[shard]++
  }

  /** Removes a slot that is in the index; the entries behind it move up, so that no gap breaks their chain. */
  remove(slot: number): void {
    const shard = this.lanes[slot << 2] & (SHARDS - 1)
    const table = this.#tables[shard]
    const mask = table.length - 1
    let gap = this.lanes[(slot << 2) + 1] & mask
    while (table[gap] !== slot + 1) gap = (gap + 1) & mask
    for (let i = (gap + 1) & mask; table[i] !== 0; i = (i + 1) & mask) {
      const home = this.lanes[((table[i] - 1) << 2) + 1] & mask
      if (((i - home) & mask) < ((i - gap) & mask)) continue
      table[gap] = table[i]
      gap = i
    }
    table[gap] = 0
    this.#counts[shard]--
  }

  #grow(shard: number): void {
    const old = this.#tables[shard]
    const table = new Uint32Array(old.length * 2)
    for (const entry of old) if (entry !== 0) place(table, this.lanes[((entry - 1) << 2) + 1], entry)
    this.#tables[shard] = table
  }
}

function place(table: Uint32Array, home: number, entry: number): void {
  const mask = table.length - 1
  let i = home & mask
  while (table[i] !== 0) i = (i + 1) & mask
  table[i] = entry
}
