import { textAt, WIRE } from '../telemetry/wire_bytes.ts'

/** Bytes from outside are not what they claim to be. `offset` is where, in bytes from the beginning of the request. */
export class WireError extends Error {
  override name = 'WireError'
  readonly offset: number
  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`)
    this.offset = offset
  }
}

/**
 * Reads protobuf from bytes that nobody has looked at yet. Every claim is checked against `end`, the end of the message that
 * is being read, and WireError says where one is wrong. 64-bit values are left in `lo` and `hi`.
 */
export class Reader {
  readonly b: Uint8Array
  at: number
  /** Halves of the last 64-bit value, as unsigned 32-bit numbers. */
  lo = 0
  hi = 0
  /** Set when something is valid protobuf and not in regular form (docs/decisions/051). */
  irregular = false
  #view: DataView | undefined

  constructor(b: Uint8Array, at = 0) {
    this.b = b
    this.at = at
  }

  fail(message: string, offset = this.at): never {
    throw new WireError(message, offset)
  }

  /** A tag. Group tags and field number 0 are refused here. */
  tag(end: number): number {
    const first = this.b[this.at]
    if (first < 128 && this.at < end) {
      const wireType = first & 7
      if (first > 7 && (wireType < 3 || wireType === 5)) {
        this.at++
        return first
      }
    }
    const from = this.at
    return this.#checkedTag(this.#varint32(end), from)
  }

  #checkedTag(tag: number, from: number): number {
    const wireType = tag & 7
    if (tag >>> 3 === 0) this.fail('field number 0', from)
    if (wireType === 3 || wireType === 4) this.fail('a group, which OTLP has not', from)
    if (wireType > 5) this.fail(`wire type ${wireType}, which does not exist`, from)
    return tag
  }

  /** The length of a message, text or bytes field: returns where the value ends, `at` is where it begins. */
  stop(end: number): number {
    const from = this.at
    const first = this.b[from]
    let length = first
    if (first < 128 && from < end) this.at++
    else length = this.#varint32(end)
    const stop = this.at + length
    if (stop > end) this.fail(`a length of ${length} where ${end - this.at} bytes are left`, from)
    return stop
  }

  /** A varint of up to 32 bits in up to 5 bytes: tags and lengths. */
  #varint32(end: number): number {
    const from = this.at
    let value = 0
    let scale = 1
    for (let i = 0; i < 5; i++, scale *= 128) {
      if (this.at >= end) this.fail('the message ends inside a varint', from)
      const byte = this.b[this.at++]
      value += (byte & 127) * scale
      if (byte > 127) continue
      if (value > 0xffffffff) break
      if (i > 0 && byte === 0) this.irregular = true
      return value
    }
    return this.fail('a tag or length of more than 32 bits', from)
  }

  /** A varint of up to 64 bits, into `lo` and `hi`. */
  varint(end: number): void {
    const { b } = this
    const from = this.at
    let byte = b[from]
    if (byte < 128 && from < end) {
      this.at++
      this.lo = byte
      this.hi = 0
      return
    }
    let lo = 0
    let hi = 0
    for (let i = 0; i < 10; i++) {
      if (this.at >= end) this.fail('the message ends inside a varint', from)
      byte = b[this.at++]
      const bits = byte & 127
      if (i < 4) lo |= bits << (7 * i)
      else if (i === 4) {
        lo |= bits << 28
        hi |= bits >>> 4
      } else hi |= bits << (7 * i - 32)
      if (byte > 127) continue
      if (i === 9 && byte > 1) break
      this.lo = lo >>> 0
      this.hi = hi >>> 0
      return
    }
    this.fail('a varint of more than 64 bits', from)
  }

  /** The low 32 bits of a varint: enums and uint32. */
  uint32(end: number): number {
    this.varint(end)
    return this.lo
  }

  /** A zigzag sint32. */
  sint32(end: number): number {
    this.varint(end)
    return (this.lo >>> 1) ^ -(this.lo & 1)
  }

  /** A fixed64, into `lo` and `hi`. */
  fixed64(end: number): void {
    const at = this.#take(8, end)
    const { b } = this
    this.lo = (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0
    this.hi = (b[at + 4] | (b[at + 5] << 8) | (b[at + 6] << 16) | (b[at + 7] << 24)) >>> 0
  }

  double(end: number): number {
    const at = this.#take(8, end)
    this.#view ??= new DataView(this.b.buffer, this.b.byteOffset, this.b.byteLength)
    return this.#view.getFloat64(at, true)
  }

  #take(sizeBytes: number, end: number): number {
    const from = this.at
    if (from + sizeBytes > end) this.fail(`the message ends inside a value of ${sizeBytes} bytes`)
    this.at = from + sizeBytes
    return from
  }

  text(end: number): string {
    const stop = this.stop(end)
    const text = textAt(this.b, this.at, stop)
    this.at = stop
    return text
  }

  /** A copy of a bytes field. */
  bytes(end: number): Uint8Array {
    const stop = this.stop(end)
    const bytes = this.b.slice(this.at, stop)
    this.at = stop
    return bytes
  }

  /** Goes over a text or bytes field. */
  skipText(end: number): void {
    this.at = this.stop(end)
  }

  /** Goes over a trace id or span id: empty, or `sizeBytes` bytes long. */
  skipId(sizeBytes: number, end: number): void {
    const from = this.at
    const stop = this.stop(end)
    if (stop !== this.at && stop !== this.at + sizeBytes)
      this.fail(`an id of ${stop - this.at} bytes where it has ${sizeBytes}`, from)
    this.at = stop
  }

  skipFixed(sizeBytes: number, end: number): void {
    this.#take(sizeBytes, end)
  }

  /** Goes over the value of an unknown field. `known` are the fields the message has, as bits: here they have a wrong wire type. */
  skipUnknown(tag: number, known: number, end: number): void {
    const field = tag >>> 3
    if (field < 32 && ((known >>> field) & 1) === 1) this.fail(`field ${field} with wire type ${tag & 7}`)
    this.skip(tag, end)
  }

  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case WIRE.LEN:
        this.at = this.stop(end)
        break
      case WIRE.VARINT:
        this.varint(end)
        break
      case WIRE.FIXED64:
        this.#take(8, end)
        break
      default:
        this.#take(4, end)
    }
  }
}

/** The fields of a message as bits, for `skipUnknown` and for finding a singular one that comes twice. */
export function fieldBits(...fields: number[]): number {
  return fields.reduce((bits, field) => bits | (1 << field), 0)
}
