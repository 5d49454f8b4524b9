import { type Hash128, hashKey } from '../hash.ts'

/** Equal objects kept once while somebody needs them: the resources, scopes and descriptors of interned series. */
export class Shared<T extends object> {
  readonly #entries = new Map<string, { item: T; holders: number }>()
  readonly #hash: (item: T) => Hash128

  constructor(hash: (item: T) => Hash128) {
    this.#hash = hash
  }

  /** The item that stands for all equal ones. */
  retain(item: T): T {
    const key = hashKey(this.#hash(item))
    const known = this.#entries.get(key)
    if (known) {
      known.holders++
      return known.item
    }
    this.#entries.set(key, { item, holders: 1 })
    return item
  }

  release(item: T): void {
    const key = hashKey(this.#hash(item))
    const known = this.#entries.get(key)
    if (known && --known.holders === 0) this.#entries.delete(key)
  }

  get size(): number {
    return this.#entries.size
  }
}
