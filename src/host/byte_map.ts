interface Entry<T> {
  readonly bytes: Uint8Array
  readonly value: T
}

/** From short byte strings, such as device names in a file, to values; nothing is allocated to find one. */
export class ByteMap<T> {
  readonly #chains = new Map<number, Entry<T>[]>()
  readonly #limit: number
  #size = 0

  /** Past `limit` entries it forgets them all: names of devices that come and go must not pile up. */
  constructor(limit = 4096) {
    this.#limit = limit
  }

  /** The value of `bytes[start, end)`; when it has none, `make` gives it. */
  get(bytes: Uint8Array, start: number, end: number, make: () => T): T {
    const hash = fnv1a(bytes, start, end)
    const chain = this.#chains.get(hash)
    if (chain) for (const entry of chain) if (equal(entry.bytes, bytes, start, end)) return entry.value
    const entry = { bytes: bytes.slice(start, end), value: make() }
    if (++this.#size > this.#limit) {
      this.#chains.clear()
      this.#size = 1
    }
    this.#chains.set(hash, [...(this.#chains.get(hash) ?? []), entry])
    return entry.value
  }
}

// Fowler, Noll, Vo: FNV-1a, 32 bits.
function fnv1a(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return hash
}

function equal(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false
  return true
}
