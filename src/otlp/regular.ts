import { copyBytes, newBytes, putVarint, valueEnd, varintAt, varintEnd, varintSize } from '../telemetry/wire_bytes.ts'
import { type Field, type Message, messageOf, REQUEST } from './schema.ts'

/** One field as it came: its value in the bytes, or several put together. */
interface Found {
  readonly number: number
  readonly wireType: number
  readonly field: Field | undefined
  /** The value; of a message, text or bytes without its length. */
  bytes: Uint8Array
}

/**
 * A checked request in regular form (docs/decisions/051): protobuf lets the fields of a message come in any order, a
 * singular one several times (the last counts, messages are merged) and numbers with more bytes than they need. Nothing that
 * sends OTLP does so; this is for whoever does. Unknown fields stay, behind the known ones.
 */
export function regularRequest(signal: 'traces' | 'logs' | 'metrics', bytes: Uint8Array): Uint8Array {
  return regular(messageOf(REQUEST[signal]), bytes)
}

/** A checked message in regular form. */
export function regular(message: Message, bytes: Uint8Array): Uint8Array {
  const fields = inOrder(message.oneOf ? lastOf(merged(message, bytes)) : merged(message, bytes))
  const values = fields.map(({ field, bytes }) => (field?.message ? regular(field.message, bytes) : bytes))
  let sizeBytes = 0
  fields.forEach(({ number, wireType }, i) => {
    sizeBytes += varintSize(number * 8) + values[i].length + (wireType === 2 ? varintSize(values[i].length) : 0)
  })
  const out = newBytes(sizeBytes)
  let at = 0
  fields.forEach(({ number, wireType }, i) => {
    at = putVarint(out, at, ((number << 3) | wireType) >>> 0)
    if (wireType === 2) at = putVarint(out, at, values[i].length)
    at = copyBytes(values[i], 0, values[i].length, out, at)
  })
  return out
}

/** The fields of a message; of a singular one the last value, or all messages in one. */
function merged(message: Message, b: Uint8Array): Found[] {
  const list: Found[] = []
  const singular = new Map<number, Found>()
  for (let at = 0; at < b.length; ) {
    const tag = varintAt(b, at)
    at = varintEnd(b, at)
    const number = Math.floor(tag / 8)
    const wireType = tag & 7
    const stop = valueEnd(b, at, wireType)
    const field = message.byNumber[number]
    const bytes = b.subarray(wireType === 2 ? varintEnd(b, at) : at, stop)
    at = stop
    const known = field && !field.repeated ? singular.get(number) : undefined
    if (known && !message.oneOf) known.bytes = field?.message ? joined(known.bytes, bytes) : bytes
    else if (known && field?.message && list[list.length - 1] === known) known.bytes = joined(known.bytes, bytes)
    else {
      const found = { number, wireType, field, bytes }
      list.push(found)
      if (field) singular.set(number, found)
    }
  }
  return list
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = newBytes(a.length + b.length)
  copyBytes(b, 0, b.length, out, copyBytes(a, 0, a.length, out, 0))
  return out
}

/** Only the last of the known fields, and the unknown ones. */
function lastOf(fields: Found[]): Found[] {
  const last = fields.findLast(({ field }) => field !== undefined)
  return fields.filter(found => found.field === undefined || found === last)
}

function inOrder(fields: Found[]): Found[] {
  const rank = ({ number, field }: Found): number => (field ? number : Number.MAX_SAFE_INTEGER)
  return fields.toSorted((a, b) => rank(a) - rank(b))
}
