import { copyBytes, newBytes } from '../telemetry/wire_bytes.ts'

const FIRST_BYTES = 1 << 14
const encoder = new TextEncoder()

/**
 * Writes protobuf from the end to the front: the length of a message is known when its header is written, so nothing is
 * measured before and nothing is moved. Fields are therefore written in the opposite of their order.
 */
export class Writer {
  #b: Uint8Array
  #view: DataView
  #at: number

  constructor(sizeBytes = FIRST_BYTES) {
    this.#b = newBytes(sizeBytes)
    this.#view = new DataView(this.#b.buffer)
    this.#at = sizeBytes
  }

  /** Bytes written. A message begins by noting it, and ends with `message`. */
  get sizeBytes(): number {
    return this.#b.length - this.#at
  }

  /** The header of a length-delimited field whose content is all that was written since `sizeBytes` was `before`. */
  message(tag: number, before: number): void {
    this.varint(this.sizeBytes - before)
    this.tag(tag)
  }

  /** A tag of a field below 16. */
  tag(tag: number): void {
    this.#room(1)
    this.#b[--this.#at] = tag
  }

  /** An unsigned number of at most 53 bits. */
  varint(value: number): void {
    this.#room(8)
    const b = this.#b
    if (value < 128) {
      b[--this.#at] = value
      return
    }
    let size = 0
    for (let rest = value; rest >= 1; rest = Math.floor(rest / 128)) size++
    let at = this.#at - size
    this.#at = at
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) b[at++] = (rest % 128) | 128
    b[at] = rest
  }

  /** An unsigned 64-bit number. */
  varint64(value: bigint): void {
    const bytes: number[] = []
    let rest = BigInt(value)
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    bytes.push(Number(rest))
    this.bytes(bytes)
  }

  sint32(value: number): void {
    this.varint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  fixed64(lo: number, hi: number): void {
    this.#room(8)
    this.#at -= 8
    this.#view.setUint32(this.#at, lo, true)
    this.#view.setUint32(this.#at + 4, hi, true)
  }

  double(value: number): void {
    this.#room(8)
    this.#at -= 8
    this.#view.setFloat64(this.#at, value, true)
  }

  /** Bytes as they are, without tag and length. */
  bytes(bytes: ArrayLike<number>): void {
    const { length } = bytes
    this.#room(length)
    this.#at -= length
    if (bytes instanceof Uint8Array) copyBytes(bytes, 0, length, this.#b, this.#at)
    else for (let i = 0; i < length; i++) this.#b[this.#at + i] = bytes[i]
  }

  /** A text field; nothing for an empty text. */
  text(tag: number, text: string): void {
    if (text === '') return
    const before = this.sizeBytes
    this.bytes(encoder.encode(text))
    this.message(tag, before)
  }

  /** A bytes field; nothing when it is empty. */
  bytesField(tag: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const before = this.sizeBytes
    this.bytes(bytes)
    this.message(tag, before)
  }

  /** A varint field; nothing for 0. */
  varintField(tag: number, value: number): void {
    if (value === 0) return
    this.varint(value)
    this.tag(tag)
  }

  /** Attributes in the form that series keep, each as a field with this tag. */
  attributes(tag: number, attributes: Uint8Array): void {
    let count = 0
    for (let at = 0; at < attributes.length; count++) at = nextAttribute(attributes, at)
    this.#room(attributes.length + count)
    let to = this.#at - attributes.length - count
    this.#at = to
    for (let at = 0; at < attributes.length; ) {
      const next = nextAttribute(attributes, at)
      this.#b[to++] = tag
      to = copyBytes(attributes, at, next, this.#b, to)
      at = next
    }
  }

  /** What was written, in an ArrayBuffer that holds little else; the writer is not to be used again. */
  finish(): Uint8Array {
    const bytes = this.#b.subarray(this.#at)
    return this.#at * 4 > this.#b.length ? bytes.slice() : bytes
  }

  #room(sizeBytes: number): void {
    if (this.#at >= sizeBytes) return
    const old = this.#b
    const used = this.sizeBytes
    this.#b = newBytes(Math.max(old.length * 2, used + sizeBytes))
    this.#view = new DataView(this.#b.buffer)
    copyBytes(old, this.#at, old.length, this.#b, this.#b.length - used)
    this.#at = this.#b.length - used
  }
}

/** The place behind the attribute at `at`: a length of one to three bytes, and as many bytes. */
function nextAttribute(b: Uint8Array, at: number): number {
  let length = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = b[at++]
    length += (byte & 127) * scale
    if (byte < 128) return at + length
  }
}
