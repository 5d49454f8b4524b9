import { copyBytes, newBytes, putVarint, varintSize } from '../telemetry/wire_bytes.ts'
import { type Halves, readInt64 } from './int64_text.ts'
import { JsonText } from './json_text.ts'
import { type Field, keyMark, type Message, messageOf, REQUEST } from './schema.ts'

/** Objects and lists may lie this deep in each other: more than attributes that are allowed need. */
const MAX_DEPTH = 128
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST, COMMA, COLON, QUOTE] = [
  0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0x22,
]

export interface JsonOptions {
  /** Bytes that are converted before others get their turn: 256 KiB are 1 to 3 ms. */
  sliceBytes?: number
  /** Lets others have their turn. */
  pause?: () => Promise<void>
  signal?: AbortSignal
}

/**
 * OTLP/JSON as protobuf: an export request that is still to be checked as one from outside is. Converted in slices, so that
 * a large body keeps nobody waiting; its size is the caller's to limit. As the OTLP specification says, keys are
 * lowerCamelCase and all others are ignored, ids are hexadecimal, 64-bit numbers are texts or numbers; names of enum values
 * are taken too. Throws WireError with the offset in the JSON.
 */
export async function jsonToWire(
  signal: 'traces' | 'logs' | 'metrics',
  json: Uint8Array,
  { sliceBytes = 1 << 18, pause = nextTurn, signal: aborted }: JsonOptions = {},
): Promise<Uint8Array> {
  const transcoder = new JsonTranscoder(messageOf(REQUEST[signal]), json)
  while (!transcoder.run(sliceBytes)) {
    await pause()
    aborted?.throwIfAborted()
  }
  return transcoder.finish()
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** An object or list that is open. */
interface Frame {
  isList: boolean
  /** Of an object: what it is. Of a list: undefined. Both undefined: something unknown that is passed over. */
  message: Message | undefined
  /** Of a list: what is in it. */
  field: Field | undefined
  /** Where its content begins in the output, one byte for its length before it; 0 when it has no header. */
  start: number
  first: boolean
}

class JsonTranscoder {
  readonly #json: JsonText
  #out: Uint8Array
  #at = 0
  readonly #frames: Frame[] = []
  #depth = 0
  readonly #halves: Halves = { lo: 0, hi: 0 }
  #begun = false
  readonly #request: Message

  constructor(request: Message, json: Uint8Array) {
    this.#json = new JsonText(json)
    this.#request = request
    this.#out = newBytes(Math.max(256, json.length >> 1))
  }

  /** Converts about `sizeBytes` of the JSON; true when all of it is done. */
  run(sizeBytes: number): boolean {
    const json = this.#json
    if (!this.#begun) {
      json.peek()
      json.expect(OPEN_OBJECT)
      this.#push(false, this.#request, undefined, 0)
      this.#begun = true
    }
    const pauseAt = json.at + sizeBytes
    while (this.#depth > 0) {
      if (json.at >= pauseAt) return false
      const frame = this.#frames[this.#depth - 1]
      if (frame.isList) this.#element(frame)
      else this.#member(frame)
    }
    if (json.peek() !== undefined) json.fail('something behind the end')
    return true
  }

  finish(): Uint8Array {
    return this.#out.slice(0, this.#at)
  }

  /** The next member of an object, up to where its value begins an object or list; or the end. */
  #member(frame: Frame): void {
    const json = this.#json
    if (this.#ended(frame, CLOSE_OBJECT)) return
    if (json.peek() !== QUOTE) json.fail('expected a key')
    json.string()
    const field = frame.message && this.#fieldOf(frame.message)
    json.expect(COLON)
    this.#value(field, field?.repeated ?? false)
  }

  /** The field whose name is the text that was read last. */
  #fieldOf(message: Message): Field | undefined {
    const { b, start, end, escaped } = this.#json
    if (escaped) return message.byName.get(this.#json.text())
    const field = message.byMark.get(keyMark(b, start, end))
    if (!field) return undefined
    const { jsonKey } = field
    for (let i = start; i < end; i++) if (b[i] !== jsonKey[i - start + 1]) return undefined
    return field
  }

  #element(frame: Frame): void {
    if (!this.#ended(frame, CLOSE_LIST)) this.#value(frame.field, false)
  }

  /** Goes over the comma between two members; true at the end of the object or list, which is closed then. */
  #ended(frame: Frame, close: number): boolean {
    const json = this.#json
    const byte = json.peek()
    if (byte === close) {
      json.at++
      this.#close(frame)
      return true
    }
    if (frame.first) frame.first = false
    else json.expect(COMMA)
    return false
  }

  #value(field: Field | undefined, isList: boolean): void {
    const json = this.#json
    const byte = json.peek()
    if (byte === OPEN_OBJECT) {
      if (field && (isList || !field.message)) json.fail(`${field.name} is no object`)
      json.at++
      this.#push(false, field?.message, undefined, field ? this.#header(field.tag) : 0)
    } else if (byte === OPEN_LIST) {
      if (field && !isList) json.fail(`${field.name} is no list`)
      json.at++
      const packed = field !== undefined && field.scalar !== undefined && field.scalar !== 'string'
      this.#push(true, undefined, field, packed ? this.#header(field.tag) : 0)
    } else this.#scalar(field, byte, isList)
  }

  #scalar(field: Field | undefined, byte: number | undefined, isList: boolean): void {
    const json = this.#json
    const quoted = byte === QUOTE
    if (quoted) json.string()
    else {
      json.escaped = false
      json.word()
      if (json.isWord('null')) return
    }
    if (!field) {
      if (!quoted && !json.isWord('true') && !json.isWord('false')) json.number()
      return
    }
    if (isList) json.fail(`${field.name} is a list`, json.start)
    if (field.message) json.fail(`${field.name} is an object`, json.start)
    this.#write(field, quoted)
  }

  /** Writes the token that was read last as the value of a field. */
  #write(field: Field, quoted: boolean): void {
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

  /** Tag of a field whose content follows, and room for a length of one byte; returns where the content begins. */
  #header(tag: number): number {
    this.#tag(tag)
    this.#room(1)
    return ++this.#at
  }

  #tag(tag: number): void {
    this.#room(5)
    this.#at = putVarint(this.#out, this.#at, tag)
  }

  #push(isList: boolean, message: Message | undefined, field: Field | undefined, start: number): void {
    if (this.#depth === MAX_DEPTH) this.#json.fail(`nested deeper than ${MAX_DEPTH}`)
    const frame = this.#frames[this.#depth]
    if (frame) {
      frame.isList = isList
      frame.message = message
      frame.field = field
      frame.start = start
      frame.first = true
    } else this.#frames.push({ isList, message, field, start, first: true })
    this.#depth++
  }

  /** Writes the length before the content, which moves on when that takes more than the one byte. */
  #close({ start }: Frame): void {
    this.#depth--
    if (start === 0) return
    const length = this.#at - start
    const more = varintSize(length) - 1
    if (more > 0) {
      this.#room(more)
      this.#out.copyWithin(start + more, start, this.#at)
      this.#at += more
    }
    putVarint(this.#out, start - 1, length)
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
