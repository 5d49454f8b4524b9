import { decode, ExpositionError } from './series_reader.ts'

/** Reads protobuf fields of bytes that nobody checked. Every method throws ExpositionError rather than read past `end`. */
export class ProtobufSource {
  readonly bytes: Uint8Array
  readonly #view: DataView
  at: number
  /** Where the tag stands that `message` read last. */
  fieldStart = 0
  /** Of the message that is read now. */
  end: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = start
    this.end = end
  }

  /** False at the end of the message. */
  get more(): boolean {
    return this.at < this.end
  }

  /** A tag, a length or an unsigned number below 2^53. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale < 2 ** 64; scale *= 128) {
      if (this.at >= this.end) throw new ExpositionError('a message that ends too early')
      const byte = this.bytes[this.at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new ExpositionError('a number of more than ten bytes')
  }

  /** A number when it is exact, else a bigint. */
  uint64(): number | bigint {
    const start = this.at
    const value = this.varint()
    if (value <= Number.MAX_SAFE_INTEGER) return value
    let exact = 0n
    for (let i = start, shift = 0n; i < this.at; i++, shift += 7n) exact |= BigInt(this.bytes[i] & 127) << shift
    return BigInt.asUintN(64, exact)
  }

  int64(): bigint {
    return BigInt.asIntN(64, BigInt(this.uint64()))
  }

  /** A zigzag number; a bigint when it is not exact as a number. */
  sint64(): number | bigint {
    const value = this.uint64()
    if (typeof value === 'bigint') return value & 1n ? -(value >> 1n) - 1n : value >> 1n
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  double(): number {
    if (this.at + 8 > this.end) throw new ExpositionError('a message that ends too early')
    const value = this.#view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  string(): string {
    const end = this.#lengthEnd()
    const text = decode(this.bytes, this.at, end)
    this.at = end
    return text
  }

  /** Reads the message that follows with `read`, which is called for each of its tags and reads or skips the field. */
  message(read: (tag: number) => void): void {
    const outer = this.end
    this.end = this.#lengthEnd()
    while (this.at < this.end) {
      this.fieldStart = this.at
      read(this.varint())
    }
    this.end = outer
  }

  /** The values of a repeated numeric field, packed or one by one. */
  numbers<T>(tag: number, packedTag: number, one: () => T, add: (value: T) => void): void {
    const outer = this.end
    if (tag === packedTag) this.end = this.#lengthEnd()
    do if (this.at < this.end) add(one())
    while (tag === packedTag && this.at < this.end)
    this.end = outer
  }

  skip(tag: number): void {
    const wire = tag & 7
    if (wire === 0) this.varint()
    else if (wire === 1) this.#advance(8)
    else if (wire === 2) this.at = this.#lengthEnd()
    else if (wire === 5) this.#advance(4)
    else throw new ExpositionError(`a field of wire type ${wire}`)
  }

  #lengthEnd(): number {
    const length = this.varint()
    if (length > this.end - this.at) throw new ExpositionError('a length that leads outside the message')
    return this.at + length
  }

  #advance(length: number): void {
    if (this.at + length > this.end) throw new ExpositionError('a message that ends too early')
    this.at += length
  }
}
