import { addLanes, type Hash128, hashBytes } from './hash.ts'
import { varintAt, varintEnd } from './wire_bytes.ts'
import { keyText, readKeyValue } from './wire_values.ts'

// message KeyValue { string key = 1; AnyValue value = 2; }                          opentelemetry/proto/common/v1/common.proto
// message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
//                    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
const KEY = 10
const VALUE = 18
const STRING = 10
const BOOL = 16
const INT = 24
const DOUBLE = 33
const ARRAY = 42
const KVLIST = 50
const BYTES = 58

/**
 * Attributes as bytes: for each one a varint length and a `KeyValue` message, so that OTLP input is kept as slices and
 * OTLP output copies it. The order has no meaning for identity. Bytes are trusted: whoever takes them from outside validates.
 */
export type AttributeBytes = Uint8Array

export const NO_ATTRIBUTES: AttributeBytes = new Uint8Array(0)

export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | AttributeValue[]
  | { [key: string]: AttributeValue }
  | null

const encoder = new TextEncoder()

/** Encodes attributes: a bigint becomes an int64, a number a double, null a value that is not set. */
export function encodeAttributes(entries: Iterable<readonly [string, AttributeValue]>): AttributeBytes {
  const messages: Uint8Array[] = []
  let sizeBytes = 0
  for (const [key, value] of entries) {
    const message = typeof value === 'string' ? stringKeyValue(key, value) : Uint8Array.from(keyValue(key, value))
    messages.push(message)
    sizeBytes += varintSize(message.length) + message.length
  }
  const out = new Uint8Array(sizeBytes)
  let at = 0
  for (const message of messages) {
    at = putVarint(out, at, message.length)
    out.set(message, at)
    at += message.length
  }
  return out
}

/** What `keyValue` does, for strings, which nearly all attributes are: without a byte-wise copy. */
function stringKeyValue(key: string, value: string): Uint8Array {
  const keyBytes = Buffer.byteLength(key)
  const valueBytes = Buffer.byteLength(value)
  const anyBytes = 1 + varintSize(valueBytes) + valueBytes
  const out = Buffer.allocUnsafeSlow(2 + varintSize(keyBytes) + keyBytes + varintSize(anyBytes) + anyBytes)
  out[0] = KEY
  let at = putVarint(out, 1, keyBytes)
  at += out.write(key, at)
  out[at] = VALUE
  at = putVarint(out, at + 1, anyBytes)
  out[at] = STRING
  at = putVarint(out, at + 1, valueBytes)
  out.write(value, at)
  return out
}

/** One value as an `AnyValue` message. */
export function encodeValue(value: AttributeValue): Uint8Array {
  return Uint8Array.from(anyValue(value))
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest > 127; rest >>>= 7) size++
  return size
}

function putVarint(out: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest > 127; rest >>>= 7) out[at++] = (rest & 127) | 128
  out[at++] = rest
  return at
}

function keyValue(key: string, value: AttributeValue): number[] {
  const out: number[] = [KEY]
  delimited(out, encoder.encode(key))
  out.push(VALUE)
  delimited(out, anyValue(value))
  return out
}

function anyValue(value: AttributeValue): number[] {
  const out: number[] = []
  if (value === null) return out
  if (typeof value === 'string') {
    out.push(STRING)
    delimited(out, encoder.encode(value))
  } else if (typeof value === 'boolean') out.push(BOOL, value ? 1 : 0)
  else if (typeof value === 'bigint') {
    out.push(INT)
    for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
      if (rest < 128n) {
        out.push(Number(rest))
        break
      }
      out.push(Number(rest & 127n) | 128)
    }
  } else if (typeof value === 'number') out.push(DOUBLE, ...new Uint8Array(Float64Array.of(value).buffer))
  else if (value instanceof Uint8Array) {
    out.push(BYTES)
    delimited(out, value)
  } else if (Array.isArray(value)) {
    const items: number[] = []
    for (const item of value) {
      items.push(10)
      delimited(items, anyValue(item))
    }
    out.push(ARRAY)
    delimited(out, items)
  } else {
    const items: number[] = []
    for (const [key, item] of Object.entries(value)) {
      items.push(10)
      delimited(items, keyValue(key, item))
    }
    out.push(KVLIST)
    delimited(out, items)
  }
  return out
}

function delimited(out: number[], bytes: ArrayLike<number>): void {
  let length = bytes.length
  for (; length > 127; length >>>= 7) out.push((length & 127) | 128)
  out.push(length)
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i])
}

/** Calls `visit` with key and value of every attribute, in the order of the bytes. */
export function decodeAttributes(bytes: AttributeBytes, visit: (key: string, value: AttributeValue) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const from = varintEnd(bytes, at)
    at = from + varintAt(bytes, at)
    visit(keyText(bytes, from, at), readKeyValue(bytes, from, at))
  }
}

/** Text of a value as Prometheus labels and log lines show it: strings as they are, everything else as OTLP's JSON of it. */
export function attributeText(value: AttributeValue): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return JSON.stringify(plain(value))
}

function plain(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  return value
}

// Scratch of the function below, never read outside one call.
const one: Hash128 = new Uint32Array(4)

/** Adds the hash of every attribute to `out`: the same attributes in another order give the same hash. */
export function hashAttributes(bytes: AttributeBytes, seed: Hash128, out: Hash128): void {
  for (let i = 0; i < bytes.length; ) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[i++]
      length |= (byte & 127) << shift
      if (byte < 128) break
    }
    hashBytes(bytes, i, i + length, seed, one)
    addLanes(out, one)
    i += length
  }
}
