// The block format: varint of the length, then elements: literals, and copies of what came before. google/snappy, format_description.txt
const LITERAL = 0
const COPY_1 = 1
const COPY_2 = 2

/** Bytes that are compressed on their own, so that offsets have 16 bits. */
const FRAGMENT_BYTES = 1 << 16
const HASH_BITS = 14
/** The end of a fragment, where four bytes can't be read everywhere, is written as it is. */
const MARGIN_BYTES = 15

/** Bytes that are not Snappy. */
export class SnappyError extends Error {
  override name = 'SnappyError'
}

/** Compresses to one block. 4 ns a byte. */
export function snappyCompress(input: Uint8Array): Uint8Array {
  return new BlockWriter(input).write()
}

class BlockWriter {
  readonly #b: Uint8Array
  readonly #out: Uint8Array
  #at = 0
  /** Places in the fragment by the hash of the four bytes there. */
  readonly #seen = new Uint16Array(1 << HASH_BITS)

  constructor(input: Uint8Array) {
    this.#b = input
    // The most that it can grow, as Snappy's MaxCompressedLength has it.
    this.#out = new Uint8Array(32 + input.length + Math.ceil(input.length / 6))
  }

  write(): Uint8Array {
    const { length } = this.#b
    let rest = length
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#out[this.#at++] = (rest % 128) | 128
    this.#out[this.#at++] = rest
    for (let start = 0; start < length; start += FRAGMENT_BYTES)
      this.#fragment(start, Math.min(length, start + FRAGMENT_BYTES))
    return this.#out.subarray(0, this.#at)
  }

  #fragment(start: number, end: number): void {
    const b = this.#b
    const seen = this.#seen.fill(0)
    const last = end - MARGIN_BYTES
    let literal = start
    let at = start + 1
    // Where nothing repeats, ever larger steps are taken.
    for (let tries = 32; at < last; ) {
      const hash = (Math.imul(word(b, at), 0x1e35a7bd) >>> (32 - HASH_BITS)) | 0
      const candidate = start + seen[hash]
      seen[hash] = at - start
      if (candidate >= at || word(b, candidate) !== word(b, at)) {
        at += tries++ >>> 5
        continue
      }
      let stop = at + 4
      while (stop < end && b[stop] === b[candidate + stop - at]) stop++
      this.#literal(literal, at)
      this.#copy(at - candidate, stop - at)
      literal = at = stop
      tries = 32
    }
    this.#literal(literal, end)
  }

  #literal(from: number, to: number): void {
    const out = this.#out
    const rest = to - from - 1
    if (rest < 0) return
    if (rest < 60) out[this.#at++] = (rest << 2) | LITERAL
    else if (rest < 256) {
      out[this.#at++] = (60 << 2) | LITERAL
      out[this.#at++] = rest
    } else {
      out[this.#at++] = (61 << 2) | LITERAL
      out[this.#at++] = rest & 255
      out[this.#at++] = rest >>> 8
    }
    out.set(this.#b.subarray(from, to), this.#at)
    this.#at += to - from
  }

  #copy(offset: number, length: number): void {
    let rest = length
    // None may be shorter than four bytes, or the short form has no way to say it.
    for (; rest >= 68; rest -= 64) this.#copy2(offset, 64)
    if (rest > 64) {
      this.#copy2(offset, 60)
      rest -= 60
    }
    if (rest >= 12 || offset >= 2048) this.#copy2(offset, rest)
    else {
      this.#out[this.#at++] = ((offset >>> 8) << 5) | ((rest - 4) << 2) | COPY_1
      this.#out[this.#at++] = offset & 255
    }
  }

  #copy2(offset: number, length: number): void {
    this.#out[this.#at++] = ((length - 1) << 2) | COPY_2
    this.#out[this.#at++] = offset & 255
    this.#out[this.#at++] = offset >>> 8
  }
}

const word = (b: Uint8Array, at: number): number => b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)

/** What a block was before. Throws SnappyError when it is broken or claims more than `limitBytes`. */
export function snappyDecompress(input: Uint8Array, limitBytes: number): Uint8Array {
  return new BlockReader(input, limitBytes).read()
}

class BlockReader {
  readonly #b: Uint8Array
  readonly #out: Uint8Array
  #from = 0
  #at = 0

  constructor(input: Uint8Array, limitBytes: number) {
    this.#b = input
    const sizeBytes = this.#size()
    if (sizeBytes > limitBytes) throw new SnappyError(`more than ${limitBytes} bytes once decompressed`)
    this.#out = new Uint8Array(sizeBytes)
  }

  read(): Uint8Array {
    while (this.#from < this.#b.length) {
      const tag = this.#byte()
      const rest = tag >>> 2
      switch (tag & 3) {
        case LITERAL:
          this.#literal((rest < 60 ? rest : this.#number(rest - 59)) + 1)
          break
        case COPY_1:
          this.#copy(((tag >>> 5) << 8) | this.#byte(), (rest & 7) + 4)
          break
        case COPY_2:
          this.#copy(this.#number(2), rest + 1)
          break
        default:
          this.#copy(this.#number(4), rest + 1)
      }
    }
    if (this.#at !== this.#out.length) throw new SnappyError('it ends early')
    return this.#out
  }

  #size(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new SnappyError('its length is broken')
  }

  #literal(length: number): void {
    const to = this.#from + length
    if (to > this.#b.length || this.#at + length > this.#out.length) throw new SnappyError('a literal is too long')
    this.#out.set(this.#b.subarray(this.#from, to), this.#at)
    this.#from = to
    this.#at += length
  }

  /** Byte by byte: what is copied may be what this writes. */
  #copy(offset: number, length: number): void {
    const out = this.#out
    if (offset === 0 || offset > this.#at || this.#at + length > out.length)
      throw new SnappyError('a copy is out of bounds')
    for (let i = 0; i < length; i++, this.#at++) out[this.#at] = out[this.#at - offset]
  }

  #number(sizeBytes: number): number {
    let value = 0
    for (let i = 0; i < sizeBytes; i++) value += this.#byte() * 256 ** i
    return value
  }

  #byte(): number {
    if (this.#from >= this.#b.length) throw new SnappyError('it ends early')
    return this.#b[this.#from++]
  }
}
