import { ANY, KEY, VALUE } from '../telemetry/wire_values.ts'
import { fieldBits, type Reader } from './reader.ts'

/**
 * How deep arrays and maps may lie in each other. The deepest value is then in a message 99 deep; parsers of other languages
 * stop at 100 by default.
 */
export const MAX_DEPTH = 31

// message KeyValue { string key = 1; AnyValue value = 2; int32 key_strindex = 3; }   opentelemetry/proto/common/v1/common.proto
// message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
//                    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
//                    int32 string_value_strindex = 8; } }
// message ArrayValue { repeated AnyValue values = 1; }   message KeyValueList { repeated KeyValue values = 1; }
const KEY_VALUE_FIELDS = fieldBits(1, 2)
const ANY_FIELDS = fieldBits(1, 2, 3, 4, 5, 6, 7)
const VALUES = 10
const VALUES_FIELDS = fieldBits(1)

/** Checks a field of KeyValue behind its tag: its length, then all that is in it. */
export function checkKeyValueField(r: Reader, end: number): void {
  const plain = plainKeyValue(r.b, r.at, end)
  if (plain > 0) r.at = plain
  else checkKeyValue(r, r.stop(end), 0)
}

/**
 * The end of a KeyValue field of the kind that nearly all are: key and value, lengths of one byte, the value no array or
 * map; 0 when it must be looked at closely. `at` is behind the tag. 10 ns, where the way through the reader takes 40.
 */
export function plainKeyValue(b: Uint8Array, at: number, end: number): number {
  const stop = at + 1 + b[at]
  const value = at + 3 + b[at + 2]
  const any = value + 2
  if (b[at] > 127 || stop > end || b[at + 1] !== KEY || b[at + 2] > 127) return 0
  if (any > stop || b[value] !== VALUE || any + b[value + 1] !== stop) return 0
  switch (b[any]) {
    case ANY.STRING:
    case ANY.BYTES:
      return any + 2 + b[any + 1] === stop ? stop : 0
    case ANY.BOOL:
      return any + 2 === stop && b[any + 1] < 2 ? stop : 0
    case ANY.DOUBLE:
      return any + 9 === stop ? stop : 0
    case ANY.INT:
      return plainVarint(b, any + 1, stop) ? stop : 0
    default:
      return 0
  }
}

/** True when `b[at, end)` is one varint of at most nine bytes. */
function plainVarint(b: Uint8Array, at: number, end: number): boolean {
  if (end - at > 9) return false
  while (at < end && b[at] > 127) at++
  return at + 1 === end
}

/** Checks `b[at, end)` as KeyValue. */
export function checkKeyValue(r: Reader, end: number, depth: number): void {
  let last = 0
  while (r.at < end) {
    const tag = r.tag(end)
    const field = tag >>> 3
    if (tag === KEY) r.skipText(end)
    else if (tag === VALUE) checkAnyValue(r, r.stop(end), depth)
    else r.skipUnknown(tag, KEY_VALUE_FIELDS, end)
    if (field <= last && field < 3) r.irregular = true
    last = Math.max(last, field < 3 ? field : 3)
  }
}

/** Checks `b[at, end)` as AnyValue. */
export function checkAnyValue(r: Reader, end: number, depth: number): void {
  let fields = 0
  while (r.at < end) {
    const tag = r.tag(end)
    switch (tag) {
      case ANY.STRING:
      case ANY.BYTES:
        r.skipText(end)
        break
      case ANY.BOOL:
      case ANY.INT:
        r.varint(end)
        break
      case ANY.DOUBLE:
        r.skipFixed(8, end)
        break
      case ANY.ARRAY:
      case ANY.KVLIST:
        checkValues(r, r.stop(end), depth + 1, tag === ANY.ARRAY)
        break
      default:
        r.skipUnknown(tag, ANY_FIELDS, end)
    }
    // The one known field has to come first, so that it is found without looking further.
    if (fields++ > 0 && tag >>> 3 < 8) r.irregular = true
  }
}

function checkValues(r: Reader, end: number, depth: number, isArray: boolean): void {
  if (depth > MAX_DEPTH) r.fail(`values nested deeper than ${MAX_DEPTH}`)
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag !== VALUES) r.skipUnknown(tag, VALUES_FIELDS, end)
    else if (isArray) checkAnyValue(r, r.stop(end), depth)
    else checkKeyValue(r, r.stop(end), depth)
  }
}

// message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; repeated EntityRef entity_refs = 3; }
const RESOURCE_FIELDS = fieldBits(1, 2, 3)
// message EntityRef { string schema_url = 1; string type = 2; repeated string id_keys = 3; repeated string description_keys = 4; }
const ENTITY_FIELDS = fieldBits(1, 2, 3, 4)
// message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3;
//                                uint32 dropped_attributes_count = 4; }
const SCOPE_FIELDS = fieldBits(1, 2, 3, 4)

export function checkResource(r: Reader, end: number): void {
  let seen = 0
  while (r.at < end) {
    const tag = r.tag(end)
    switch (tag) {
      case 10:
        checkKeyValueField(r, end)
        break
      case 16:
        seen = once(r, seen, tag)
        r.varint(end)
        break
      case 26:
        checkEntityRef(r, r.stop(end))
        break
      default:
        r.skipUnknown(tag, RESOURCE_FIELDS, end)
    }
  }
}

function checkEntityRef(r: Reader, end: number): void {
  let seen = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 10 || tag === 18) seen = once(r, seen, tag)
    if (tag === 10 || tag === 18 || tag === 26 || tag === 34) r.skipText(end)
    else r.skipUnknown(tag, ENTITY_FIELDS, end)
  }
}

export function checkScope(r: Reader, end: number): void {
  let seen = 0
  while (r.at < end) {
    const tag = r.tag(end)
    switch (tag) {
      case 10:
      case 18:
        seen = once(r, seen, tag)
        r.skipText(end)
        break
      case 26:
        checkKeyValueField(r, end)
        break
      case 32:
        seen = once(r, seen, tag)
        r.varint(end)
        break
      default:
        r.skipUnknown(tag, SCOPE_FIELDS, end)
    }
  }
}

/** Notes a singular field; one that comes a second time is not regular. `seen` is a set of fields as bits. */
export function once(r: Reader, seen: number, tag: number): number {
  const bit = 1 << (tag >>> 3)
  if ((seen & bit) !== 0) r.irregular = true
  return seen | bit
}
