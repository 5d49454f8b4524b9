import type { AttributeValue } from './attributes.ts'
import { doubleAt, int64At, textAt, valueEnd, varintAt, varintEnd } from './wire_bytes.ts'

// message KeyValue { string key = 1; AnyValue value = 2; }                            opentelemetry/proto/common/v1/common.proto
// message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
//                    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
// message ArrayValue { repeated AnyValue values = 1; }   message KeyValueList { repeated KeyValue values = 1; }
export const KEY = 10
export const VALUE = 18
export const ANY = { STRING: 10, BOOL: 16, INT: 24, DOUBLE: 33, ARRAY: 42, KVLIST: 50, BYTES: 58 } as const
const VALUES = 10

/** The AnyValue in `b[start, end)`, in regular form: its one known field first. A value of unknown type is null. */
export function readAnyValue(b: Uint8Array, start: number, end: number): AttributeValue {
  if (start >= end) return null
  const at = start + 1
  switch (b[start]) {
    case ANY.STRING:
      return textAt(b, varintEnd(b, at), varintEnd(b, at) + varintAt(b, at))
    case ANY.BOOL:
      return varintAt(b, at) !== 0
    case ANY.INT:
      return int64At(b, at)
    case ANY.DOUBLE:
      return doubleAt(b, at)
    case ANY.BYTES:
      return b.slice(varintEnd(b, at), varintEnd(b, at) + varintAt(b, at))
    case ANY.ARRAY:
      return readArray(b, varintEnd(b, at), varintEnd(b, at) + varintAt(b, at))
    case ANY.KVLIST:
      return readMap(b, varintEnd(b, at), varintEnd(b, at) + varintAt(b, at))
    default:
      return null
  }
}

function readArray(b: Uint8Array, start: number, end: number): AttributeValue[] {
  const list: AttributeValue[] = []
  eachValue(b, start, end, (from, to) => list.push(readAnyValue(b, from, to)))
  return list
}

function readMap(b: Uint8Array, start: number, end: number): { [key: string]: AttributeValue } {
  const map: { [key: string]: AttributeValue } = Object.create(null)
  eachValue(b, start, end, (from, to) => {
    map[keyText(b, from, to)] = readKeyValue(b, from, to)
  })
  return map
}

function eachValue(b: Uint8Array, start: number, end: number, visit: (from: number, to: number) => void): void {
  for (let at = start; at < end; ) {
    const tag = varintAt(b, at)
    at = varintEnd(b, at)
    const stop = valueEnd(b, at, tag & 7)
    if (tag === VALUES) visit(varintEnd(b, at), stop)
    at = stop
  }
}

/** The key of the KeyValue in `b[start, end)`, in regular form: key, value, anything else. */
export function keyText(b: Uint8Array, start: number, end: number): string {
  if (start >= end || b[start] !== KEY) return ''
  const from = varintEnd(b, start + 1)
  return textAt(b, from, from + varintAt(b, start + 1))
}

/** The value of the KeyValue in `b[start, end)`. */
export function readKeyValue(b: Uint8Array, start: number, end: number): AttributeValue {
  const at = start < end && b[start] === KEY ? valueEnd(b, start + 1, 2) : start
  if (at >= end || b[at] !== VALUE) return null
  const from = varintEnd(b, at + 1)
  return readAnyValue(b, from, from + varintAt(b, at + 1))
}

/** An attribute's name, prepared for look-ups: `header` is how a KeyValue with this key begins. */
export interface AttributeKey {
  readonly text: string
  readonly header: Uint8Array
}

export function attributeKey(text: string): AttributeKey {
  const bytes = new TextEncoder().encode(text)
  const length: number[] = []
  let rest = bytes.length
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128)
  return { text, header: Uint8Array.of(KEY, ...length, rest, ...bytes) }
}

/** True when the KeyValue in `b[start, end)` has this key. */
export function hasKey(b: Uint8Array, start: number, end: number, { header }: AttributeKey): boolean {
  const n = header.length
  if (n === 2) return start >= end || b[start] !== KEY || b[start + 1] === 0
  if (b[start + 1] !== header[1] || start + n > end || b[start + n - 1] !== header[n - 1]) return false
  for (let i = 0; i < n; i++) if (b[start + i] !== header[i]) return false
  return true
}
