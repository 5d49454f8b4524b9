import { copyBytes, newBytes, putVarint, varintSize } from '../telemetry/wire_bytes.ts'
import { type Halves, readInt64 } from './int64_text.ts'
import type { JsonText } from './json_text.ts'
import type { Field } from './schema.ts'

/** Writes what JSON says as protobuf fields: values of the token that was read last, headers of messages and lists. */
export class JsonValues {
  readonly #json: JsonText
  #out: Uint8Array
  #at = 0
  readonly #halves: Halves = { lo: 0, hi: 0 }

  constructor(json: JsonText) {
    this.#json = json
    this.#out = newBytes(Math.max(256, json.b.length >> 1))
  }

  /** What was written, in bytes of its own. */
  finish(): Uint8Array {
    return this.#out.slice(0, this.#at)
  }

  /** Tag of a field whose content follows, and room for a length of one byte; returns where the content begins. */
  header(tag: number): number {
    this.#tag(tag)
    this.#room(1)
    return ++this.#at
  }

  #tag(tag: number): void {
    this.#room(5)
    this.#at = putVarint(this.#out, this.#at, tag)
  }

  /** Writes the length before the content, which moves on when that takes more than the one byte. */
  close(start: number): void {
    const length = this.#at - start
    const more = varintSize(length) - 1
    if (more > 0) {
      this.#room(more)
      this.#out.copyWithin(start + more, start, this.#at)
      this.#at += more
    }
    putVarint(this.#out, start - 1, length)
  }

  /** Writes the token that was read last as the value of a field. */
  write(field: Field, quoted: boolean): void {
    const { scalar } = field
    if (!field.repeated || scalar === 'string') this.#tag(field.tag)
    switch (scalar) {
      case 'string':
        if (quoted) this.#text()
        else this.#wrong(field)
        break
      case 'id':
        if (quoted) this.#hex(field)
        else this.#wrong(field)
        break
      case 'bytes':
        if (quoted) this.#bytes(Buffer.from(this.#json.text(), 'base64'))
        else this.#wrong(field)
        break
      case 'bool':
        this.#bool(field)
        break
      case 'double':
        this.#double(field, quoted)
        break
      case 'enum':
        if (quoted) this.#enum(field)
        else this.#integer(field)
        break
      default:
        this.#integer(field)
        break
    }
  }

  #wrong(field: Field): never {
    return this.#json.fail(`${field.name} is of type ${field.scalar}`, this.#json.start)
  }

  #text(): void {
    const { b, start, end, escaped } = this.#json
    if (escaped) {
      this.#bytes(new TextEncoder().encode(this.#json.text()))
      return
    }
    this.#room(end - start + 5)
    this.#at = copyBytes(b, start, end, this.#out, putVarint(this.#out, this.#at, end - start))
  }

  #bytes(bytes: Uint8Array): void {
    this.#room(bytes.length + 5)
    this.#at = copyBytes(bytes, 0, bytes.length, this.#out, putVarint(this.#out, this.#at, bytes.length))
  }

  #hex(field: Field): void {
    const { b, start, end } = this.#json
    const length = (end - start) / 2
    if (!Number.isInteger(length)) this.#wrong(field)
    this.#room(length + 5)
    let at = putVarint(this.#out, this.#at, length)
    for (let i = start; i < end; i += 2) {
      const byte = hexDigit(b[i]) * 16 + hexDigit(b[i + 1])
      if (!(byte >= 0)) this.#wrong(field)
      this.#out[at++] = byte
    }
    this.#at = at
  }

  #bool(field: Field): void {
    const isTrue = this.#json.isWord('true')
    if (!isTrue && !this.#json.isWord('false')) this.#wrong(field)
    this.#room(1)
    this.#out[this.#at++] = isTrue ? 1 : 0
  }

  #double(field: Field, quoted: boolean): void {
    const json = this.#json
    const special = quoted ? SPECIAL[json.text()] : undefined
    const value = special ?? json.number()
    if (special === undefined && !Number.isFinite(value)) this.#wrong(field)
    this.#room(8)
    new DataView(this.#out.buffer).setFloat64(this.#at, value, true)
    this.#at += 8
  }

  #enum(field: Field): void {
    const value = field.values?.[this.#json.text()]
    if (value === undefined) this.#integer(field)
    else {
      this.#room(5)
      this.#at = putVarint(this.#out, this.#at, value)
    }
  }

  #integer(field: Field): void {
    const json = this.#json
    const halves = this.#halves
    if (!readInt64(json.b, json.start, json.end, halves)) this.#integerOf(field)
    const negative = json.b[json.start] === 0x2d && (halves.lo !== 0 || halves.hi !== 0)
    const { scalar } = field
    if (!fits(scalar, halves, negative)) json.fail(`${field.name} is beyond ${scalar}`, json.start)
    this.#room(10)
    if (scalar === 'fixed64' || scalar === 'sfixed64') this.#fixed(halves.lo, halves.hi)
    else if (scalar === 'fixed32') this.#fixed32(halves.lo)
    else if (scalar === 'sint32')
      this.#at = putVarint(this.#out, this.#at, ((halves.lo << 1) ^ (halves.lo >> 31)) >>> 0)
    else this.#varint64(halves.lo, halves.hi)
  }

  /** A whole number in another form, such as 1e3 or 5.0. */
  #integerOf(field: Field): void {
    const value = this.#json.number()
    if (!Number.isSafeInteger(value)) this.#wrong(field)
    const bits = BigInt.asUintN(64, BigInt(value))
    this.#halves.lo = Number(bits & 0xffffffffn)
    this.#halves.hi = Number(bits >> 32n)
  }

  #fixed32(value: number): void {
    for (let i = 0; i < 32; i += 8) this.#out[this.#at++] = value >>> i
  }
  #fixed(lo: number, hi: number): void {
    this.#fixed32(lo)
    this.#fixed32(hi)
  }
  #varint64(lo: number, hi: number): void {
    while (hi > 0 || lo > 127) {
      this.#out[this.#at++] = (lo & 127) | 128
      lo = ((lo >>> 7) | (hi << 25)) >>> 0
      hi >>>= 7
    }
    this.#out[this.#at++] = lo
  }

  #room(sizeBytes: number): void {
    if (this.#at + sizeBytes <= this.#out.length) return
    const larger = newBytes(Math.max(this.#out.length * 2, this.#at + sizeBytes))
    copyBytes(this.#out, 0, this.#at, larger, 0)
    this.#out = larger
  }
}

const SPECIAL: Readonly<Record<string, number | undefined>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN
}

function fits(scalar: Field['scalar'], { lo, hi }: Halves, negative: boolean): boolean {
  switch (scalar) {
    case 'uint32':
    case 'fixed32':
      return hi === 0
    case 'int32':
    case 'sint32':
    case 'enum':
      return negative ? hi === 0xffffffff && lo >= 0x80000000 : hi === 0 && lo < 0x80000000
    case 'int64':
    case 'sfixed64':
      return negative ? hi >= 0x80000000 : hi < 0x80000000
    default:
      return !negative
  }
}
