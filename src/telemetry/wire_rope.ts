import { copyBytes, newBytes, putVarint, varintSize } from './wire_bytes.ts'

/** Pieces shorter than this are copied together; longer ones are shared. A slice costs about what copying 1 KiB does. */
const SHARED_BYTES = 1024
const FIRST_CHUNK = 1 << 12
const LARGEST_CHUNK = 1 << 18

/**
 * Puts wire bytes together out of pieces of others and bytes of its own. A hole is a piece that is known only later: the
 * header of a message whose length its content decides.
 */
export class RopeWriter {
  #from: (Uint8Array | undefined)[] = []
  #start: number[] = []
  #end: number[] = []
  #chunk: Uint8Array = new Uint8Array(0)
  #used = 0
  #nextChunk = FIRST_CHUNK
  /** Bytes so far, filled holes included. */
  sizeBytes = 0

  /** Appends `b[start, end)` without copying it now. */
  share(b: Uint8Array, start: number, end: number): void {
    if (start >= end) return
    const last = this.#from.length - 1
    this.sizeBytes += end - start
    if (last >= 0 && this.#from[last] === b && this.#end[last] === start) {
      this.#end[last] = end
      return
    }
    this.#from.push(b)
    this.#start.push(start)
    this.#end.push(end)
  }

  /** Room for `sizeBytes` bytes: write them to `chunk` from `at` on, then call `wrote`. */
  room(sizeBytes: number): { chunk: Uint8Array; at: number } {
    if (this.#used + sizeBytes > this.#chunk.length) {
      this.#chunk = newBytes(Math.max(sizeBytes, this.#nextChunk))
      this.#nextChunk = Math.min(this.#nextChunk * 4, LARGEST_CHUNK)
      this.#used = 0
    }
    this.#room.chunk = this.#chunk
    this.#room.at = this.#used
    return this.#room
  }
  readonly #room = { chunk: this.#chunk, at: 0 }

  /** Appends what was written to `room` up to `end`. */
  wrote(end: number): void {
    const start = this.#used
    this.#used = end
    this.share(this.#chunk, start, end)
  }

  /** Appends a field header: a tag of one byte and a length. */
  header(tag: number, length: number): void {
    const { chunk, at } = this.room(6)
    chunk[at] = tag
    this.wrote(putVarint(chunk, at + 1, length))
  }

  /** A hole here; returns its number. `sizeBytes` at this moment is what the caller subtracts later. */
  hole(): number {
    this.#start.push(0)
    this.#end.push(0)
    return this.#from.push(undefined) - 1
  }

  /** Fills a hole with a piece of other bytes. */
  fill(hole: number, b: Uint8Array, start: number, end: number): void {
    if (start >= end) return
    this.#from[hole] = b
    this.#start[hole] = start
    this.#end[hole] = end
    this.sizeBytes += end - start
  }

  /** Fills a hole with the header of a field of `length` bytes. */
  fillHeader(hole: number, tag: number, length: number): void {
    const { chunk, at } = this.room(6)
    chunk[at] = tag
    this.#used = putVarint(chunk, at + 1, length)
    this.fill(hole, chunk, at, this.#used)
  }

  /** Fills a hole with a whole field: tag, length and what `write` puts at the place it is given. */
  fillField(hole: number, tag: number, length: number, write: (to: Uint8Array, at: number) => void): void {
    const { chunk, at } = this.room(1 + varintSize(length) + length)
    chunk[at] = tag
    const from = putVarint(chunk, at + 1, length)
    write(chunk, from)
    this.#used = from + length
    this.fill(hole, chunk, at, this.#used)
  }

  /** Takes back everything from this hole on; `sizeBytes` was what it now is again. */
  truncate(hole: number, sizeBytes: number): void {
    this.#from.length = this.#start.length = this.#end.length = hole
    this.sizeBytes = sizeBytes
  }

  /** The slices, none empty; the writer is empty again. */
  finish(): Uint8Array[] {
    const used = this.#trimmed()
    const small = newBytes(this.#smallBytes())
    const slices: Uint8Array[] = []
    let at = 0
    let from = 0
    const flush = (): void => {
      if (at > from) slices.push(small.subarray(from, at))
      from = at
    }
    for (let i = 0; i < this.#from.length; i++) {
      const b = this.#from[i]
      if (b === undefined) continue
      if (this.#end[i] - this.#start[i] < SHARED_BYTES) at = copyBytes(b, this.#start[i], this.#end[i], small, at)
      else {
        flush()
        slices.push((b === this.#chunk ? used : b).subarray(this.#start[i], this.#end[i]))
      }
    }
    flush()
    this.truncate(0, 0)
    this.#chunk = new Uint8Array(0)
    this.#used = 0
    return slices
  }

  /** The last chunk, copied to its true size when much of it was not needed. */
  #trimmed(): Uint8Array {
    const spare = this.#chunk.length - this.#used
    return spare > 4096 && spare * 4 > this.#used ? this.#chunk.slice(0, this.#used) : this.#chunk
  }

  #smallBytes(): number {
    let sum = 0
    for (let i = 0; i < this.#from.length; i++) {
      const length = this.#end[i] - this.#start[i]
      if (length < SHARED_BYTES) sum += length
    }
    return sum
  }
}
