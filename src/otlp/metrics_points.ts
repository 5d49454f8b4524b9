import { isAscii } from 'node:buffer'
import {
  type AttributeBytes,
  type AttributeValue,
  decodeAttributes,
  encodeAttributes,
  NO_ATTRIBUTES,
} from '../telemetry/attributes.ts'
import { addLanes, type Hash128, hashBytes } from '../telemetry/hash.ts'
import type { Count, Counts, Exemplar, ExponentialBuckets } from '../telemetry/metrics/values.ts'
import { copyBytes, putVarint, varintEnd, varintSize } from '../telemetry/wire_bytes.ts'
import { checkKeyValueField, plainKeyValue } from './any_value.ts'
import { fieldBits, type Reader } from './reader.ts'
import { regular } from './regular.ts'
import { messageOf } from './schema.ts'

/**
 * The attributes of one message while it is read: their hash, and where they are, so that they are copied only when nobody
 * knows the series yet.
 */
export class AttributeCollector {
  readonly #seed: Hash128
  readonly #one: Hash128 = new Uint32Array(4)
  /** Sum of the attributes' hashes. */
  readonly hash: Hash128 = new Uint32Array(4)
  readonly #from: number[] = []
  readonly #to: number[] = []
  #count = 0
  /** Attributes in an unusual form: hash and bytes are those of the usual one. */
  #rewritten: (Uint8Array | undefined)[] = []

  constructor(seed: Hash128) {
    this.#seed = seed
  }

  begin(): void {
    this.#count = 0
    this.hash[0] = this.hash[1] = this.hash[2] = this.hash[3] = 0
    if (this.#rewritten.length > 0) this.#rewritten = []
  }

  /** Reads the KeyValue field behind whose tag the reader is. */
  take(r: Reader, end: number): void {
    const { at } = r
    const plain = plainKeyValue(r.b, at, end)
    if (plain > 0) {
      r.at = plain
      this.#add(r.b, at + 1, plain)
    } else this.#takeUnusual(r, end)
  }

  #takeUnusual(r: Reader, end: number): void {
    const from = varintEnd(r.b, r.at)
    const before = r.irregular
    r.irregular = false
    checkKeyValueField(r, end)
    if (r.irregular) {
      const bytes = regular(messageOf('KeyValue'), r.b.subarray(from, r.at))
      this.#rewritten[this.#count] = bytes
      this.#add(bytes, 0, bytes.length)
    } else this.#add(r.b, from, r.at)
    r.irregular = before
  }

  #add(b: Uint8Array, from: number, to: number): void {
    hashBytes(b, from, to, this.#seed, this.#one)
    addLanes(this.hash, this.#one)
    this.#from[this.#count] = from
    this.#to[this.#count++] = to
  }

  /** A copy of the attributes that were taken from `b`, as series keep them: valid UTF-8. */
  copy(b: Uint8Array): AttributeBytes {
    this.replaced = false
    if (this.#count === 0) return NO_ATTRIBUTES
    let sizeBytes = 0
    for (let i = 0; i < this.#count; i++) {
      const length = this.#to[i] - this.#from[i]
      sizeBytes += varintSize(length) + length
    }
    const out = new Uint8Array(sizeBytes)
    let at = 0
    for (let i = 0; i < this.#count; i++) {
      at = putVarint(out, at, this.#to[i] - this.#from[i])
      at = copyBytes(this.#rewritten[i] ?? b, this.#from[i], this.#to[i], out, at)
    }
    const valid = validText(out)
    this.replaced = valid !== out
    return valid
  }
  /** Whether the last copy has other text than what came, so that its hash is another one. */
  replaced = false
}

/** The attributes with U+FFFD where text is no UTF-8: one bad label would cost whoever is scraped the whole page. */
function validText(bytes: AttributeBytes): AttributeBytes {
  if (isAscii(bytes)) return bytes
  const list: [string, AttributeValue][] = []
  decodeAttributes(bytes, (key, value) => list.push([key, value]))
  return list.some(([key, value]) => wasReplaced(key) || wasReplaced(value)) ? encodeAttributes(list) : bytes
}

/** True when decoding may have replaced something. */
function wasReplaced(value: AttributeValue): boolean {
  if (typeof value === 'string') return value.includes('\ufffd')
  if (Array.isArray(value)) return value.some(wasReplaced)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return false
  return Object.entries(value).some(([key, item]) => wasReplaced(key) || wasReplaced(item))
}

// message Exemplar { fixed64 time_unix_nano = 2; oneof value { double as_double = 3; sfixed64 as_int = 6; } bytes span_id = 4;
//   bytes trace_id = 5; repeated KeyValue filtered_attributes = 7; }             opentelemetry/proto/metrics/v1/metrics.proto
const EXEMPLAR_FIELDS = fieldBits(2, 3, 4, 5, 6, 7)
const NO_ID = new Uint8Array(0)

export function readExemplar(r: Reader, end: number, attributes: AttributeCollector): Exemplar {
  let timeUnixNano = 0n
  let value: number | bigint = 0
  let spanId: Uint8Array = NO_ID
  let traceId: Uint8Array = NO_ID
  attributes.begin()
  while (r.at < end) {
    const tag = r.tag(end)
    switch (tag) {
      case 17:
        timeUnixNano = uint64(r, end)
        break
      case 25:
        value = r.double(end)
        break
      case 49:
        value = BigInt.asIntN(64, uint64(r, end))
        break
      case 34:
        spanId = readId(r, 8, end)
        break
      case 42:
        traceId = readId(r, 16, end)
        break
      case 58:
        attributes.take(r, end)
        break
      default:
        r.skipUnknown(tag, EXEMPLAR_FIELDS, end)
    }
  }
  return { timeUnixNano, value, spanId, traceId, attributes: attributes.copy(r.b) }
}

function uint64(r: Reader, end: number): bigint {
  r.fixed64(end)
  return (BigInt(r.hi) << 32n) | BigInt(r.lo)
}

function readId(r: Reader, sizeBytes: number, end: number): Uint8Array {
  const from = varintEnd(r.b, r.at)
  r.skipId(sizeBytes, end)
  return r.b.slice(from, r.at)
}

/** The 64-bit number that was read last, as a count. */
export function countOf(r: Reader): Count {
  return r.hi < 0x200000 ? r.hi * 4294967296 + r.lo : (BigInt(r.hi) << 32n) | BigInt(r.lo)
}

/** Numbers of a repeated field, which comes packed, singly, or both. */
export class CountList {
  #numbers: number[] = []
  #large: Map<number, bigint> | undefined

  get length(): number {
    return this.#numbers.length
  }
  clear(): void {
    this.#numbers.length = 0
    this.#large = undefined
  }
  /** Takes the number that was read last. */
  push(r: Reader): void {
    const count = countOf(r)
    if (typeof count === 'bigint') {
      this.#large ??= new Map()
      this.#large.set(this.#numbers.length, count)
    }
    this.#numbers.push(Number(count))
  }
  packedFixed(r: Reader, end: number): void {
    while (r.at < end) {
      r.fixed64(end)
      this.push(r)
    }
  }
  packedVarint(r: Reader, end: number): void {
    while (r.at < end) {
      r.varint(end)
      this.push(r)
    }
  }
  counts(): Counts {
    if (!this.#large) return Float64Array.from(this.#numbers)
    return BigUint64Array.from(this.#numbers, (count, i) => this.#large?.get(i) ?? BigInt(count))
  }
}

// message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
const BUCKETS_FIELDS = fieldBits(1, 2)

/** Reads Buckets, adding to `before` when the message came in two pieces. */
export function readBuckets(r: Reader, end: number, list: CountList, before?: ExponentialBuckets): ExponentialBuckets {
  let offset = before?.offset ?? 0
  list.clear()
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 8) offset = r.sint32(end)
    else if (tag === 18) list.packedVarint(r, r.stop(end))
    else if (tag === 16) {
      r.varint(end)
      list.push(r)
    } else r.skipUnknown(tag, BUCKETS_FIELDS, end)
  }
  return { offset, counts: before && list.length === 0 ? before.counts : list.counts() }
}
