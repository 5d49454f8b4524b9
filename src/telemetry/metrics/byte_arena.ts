const SEGMENT_BYTES = 1 << 20

/** Byte strings that live and die one by one, in segments of 1 MiB; a place is a segment number and an offset. */
export class ByteArena {
  #segments: (Uint8Array | undefined)[] = []
  /** Bytes still in use, by segment. */
  #live: number[] = []
  #current = -1
  #used = 0
  #freeNumbers: number[] = []

  /** Bytes of all segments, used or not. */
  get sizeBytes(): number {
    let sum = 0
    for (const segment of this.#segments) sum += segment?.length ?? 0
    return sum
  }

  /** Copies `bytes` in and returns their place. */
  add(bytes: Uint8Array): { segment: number; offset: number } {
    if (this.#current < 0 || this.#used + bytes.length > (this.#segments[this.#current] as Uint8Array).length)
      this.#open(bytes.length)
    const segment = this.#current
    const offset = this.#used
    ;(this.#segments[segment] as Uint8Array).set(bytes, offset)
    this.#used += bytes.length
    this.#live[segment] += bytes.length
    return { segment, offset }
  }

  /** A view, valid also after the bytes were moved or freed: it keeps its segment. */
  view(segment: number, offset: number, length: number): Uint8Array {
    return (this.#segments[segment] as Uint8Array).subarray(offset, offset + length)
  }

  free(segment: number, length: number): void {
    this.#live[segment] -= length
    if (this.#live[segment] > 0 || segment === this.#current) return
    this.#segments[segment] = undefined
    this.#freeNumbers.push(segment)
  }

  /** True when the segment is under half in use, so that moving its byte strings elsewhere frees it. */
  sparse(segment: number): boolean {
    return segment !== this.#current && this.#live[segment] * 2 < (this.#segments[segment]?.length ?? 0)
  }

  #open(atLeast: number): void {
    const last = this.#current
    const number = this.#freeNumbers.pop() ?? this.#segments.length
    this.#segments[number] = new Uint8Array(Math.max(SEGMENT_BYTES, atLeast))
    this.#live[number] = 0
    this.#current = number
    this.#used = 0
    if (last >= 0) this.free(last, 0)
  }
}
