import { copyBytes, newBytes, putVarint, valueEnd, varintAt, varintEnd, varintSize } from '../telemetry/wire_bytes.ts'
import { checkKeyValue } from './any_value.ts'
import type { CheckItem } from './groups.ts'
import { checkLogRecord } from './logs.ts'
import { Reader, WireError } from './reader.ts'
import { type Field, type Message, messageOf, REQUEST } from './schema.ts'
import { checkSpan } from './trace.ts'

/** What is written anew at most in one request: about 0.1 s. Nothing that sends OTLP comes near it. */
const MAX_FIELDS = 100_000

/** Messages of which there are many: one that is regular already is taken as it is. */
const CHECKS: Readonly<Record<string, CheckItem>> = {
  Span: checkSpan,
  LogRecord: checkLogRecord,
  KeyValue: (r, end) => checkKeyValue(r, end, 0),
}

/** A field, or several neighbouring ones of a kind. */
interface Part {
  readonly number: number
  readonly field: Field | undefined
  readonly wireType: number
  /** With tag and length, ready to be written. */
  raw?: Uint8Array
  /** The value without tag and length, while it may still be merged with others or changed. */
  value: Uint8Array
}

/**
 * A checked request in regular form (docs/decisions/051): protobuf lets the fields of a message come in any order, a
 * singular one several times (the last counts, messages are merged) and numbers with more bytes than they need. Nothing that
 * sends OTLP does so; this is for whoever does. Unknown fields stay, behind the known ones. Throws WireError when it is
 * nearly all irregular and large.
 */
export function regularRequest(signal: 'traces' | 'logs' | 'metrics', bytes: Uint8Array): Uint8Array {
  return new Regular().message(messageOf(REQUEST[signal]), bytes)
}

/** A checked message in regular form. */
export function regular(message: Message, bytes: Uint8Array): Uint8Array {
  return new Regular().message(message, bytes)
}

class Regular {
  #fields = 0

  message(message: Message, bytes: Uint8Array): Uint8Array {
    const parts = inOrder(message.oneOf ? lastOf(this.#parts(message, bytes)) : this.#parts(message, bytes))
    return joined(parts.map(part => part.raw ?? this.#write(part)))
  }

  #write({ number, wireType, field, value }: Part): Uint8Array {
    const content = field?.message ? this.message(field.message, value) : value
    const tag = ((number << 3) | wireType) >>> 0
    const out = newBytes(varintSize(tag) + (wireType === 2 ? varintSize(content.length) : 0) + content.length)
    let at = putVarint(out, 0, tag)
    if (wireType === 2) at = putVarint(out, at, content.length)
    copyBytes(content, 0, content.length, out, at)
    return out
  }

  /** The fields of a message; of a singular one the last value, or all messages in one. */
  #parts(message: Message, b: Uint8Array): Part[] {
    const list: Part[] = []
    const singular = new Map<number, Part>()
    for (let at = 0; at < b.length; ) {
      const from = at
      const tag = varintAt(b, at)
      at = varintEnd(b, at)
      const number = Math.floor(tag / 8)
      const wireType = tag & 7
      const stop = valueEnd(b, at, wireType)
      const start = wireType === 2 ? varintEnd(b, at) : at
      const field = message.byNumber[number]
      at = stop
      const last = list[list.length - 1]
      if (field?.repeated && isRegular(field, b, from, start, stop)) {
        if (last?.raw && last.number === number && endsAt(last.raw, b, from)) last.raw = upTo(last.raw, b, stop)
        else list.push({ number, field, wireType, raw: b.subarray(from, stop), value: b })
        continue
      }
      if (++this.#fields > MAX_FIELDS) throw new WireError('too many fields that are out of order', b.byteOffset + from)
      const value = b.subarray(start, stop)
      const known = field && !field.repeated ? singular.get(number) : undefined
      if (known && !message.oneOf) known.value = field?.message ? joined([known.value, value]) : value
      else if (known && field?.message && last === known) known.value = joined([known.value, value])
      else {
        const part = { number, field, wireType, value }
        list.push(part)
        if (field) singular.set(number, part)
      }
    }
    return list
  }
}

const endsAt = (raw: Uint8Array, b: Uint8Array, at: number): boolean =>
  raw.byteOffset + raw.length === b.byteOffset + at
const upTo = (raw: Uint8Array, b: Uint8Array, end: number): Uint8Array => b.subarray(raw.byteOffset - b.byteOffset, end)

/** True for a message of a kind there are many of, when header and content are regular. */
function isRegular(field: Field, b: Uint8Array, from: number, start: number, end: number): boolean {
  const check = field.message && CHECKS[field.message.name]
  if (!check || start - from !== 1 + varintSize(end - start)) return false
  const r = new Reader(b, start)
  check(r, end)
  return !r.irregular
}

function joined(list: readonly Uint8Array[]): Uint8Array {
  if (list.length === 1) return list[0].slice()
  const out = newBytes(list.reduce((sum, bytes) => sum + bytes.length, 0))
  let at = 0
  for (const bytes of list) at = copyBytes(bytes, 0, bytes.length, out, at)
  return out
}

/** Only the last of the known fields, and the unknown ones. */
function lastOf(parts: Part[]): Part[] {
  const last = parts.findLast(({ field }) => field !== undefined)
  return parts.filter(part => part.field === undefined || part === last)
}

function inOrder(parts: Part[]): Part[] {
  const rank = ({ number, field }: Part): number => (field ? number : Number.MAX_SAFE_INTEGER)
  return parts.toSorted((a, b) => rank(a) - rank(b))
}
