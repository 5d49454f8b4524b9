import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'

/** The official schema, read by somebody else's library: what judges the bytes. */
const root = protobuf.Root.fromDescriptor(withJsonNames()).resolveAll()

/** protoc's plug-ins get descriptors with JSON names; those that Python carries have none. The rule is protobuf's own. */
function withJsonNames(): descriptor.IFileDescriptorSet {
  const bytes = readFileSync(join(import.meta.dirname, 'testdata/opentelemetry_proto.binpb'))
  const set = descriptor.FileDescriptorSet.decode(bytes) as unknown as descriptor.IFileDescriptorSet
  const name = (message: descriptor.IDescriptorProto): void => {
    for (const field of message.field ?? []) field.jsonName = field.name?.replace(/_(.)/g, (_, c) => c.toUpperCase())
    for (const inner of message.nestedType ?? []) name(inner)
  }
  for (const file of set.file ?? []) for (const message of file.messageType ?? []) name(message)
  return set
}

const PACKAGES: Record<string, string> = { traces: 'trace', logs: 'logs', metrics: 'metrics' }
export type Signal = 'traces' | 'logs' | 'metrics'

export function requestType(signal: Signal): protobuf.Type {
  const service = { traces: 'Trace', logs: 'Logs', metrics: 'Metrics' }[signal]
  return root.lookupType(`opentelemetry.proto.collector.${PACKAGES[signal]}.v1.Export${service}ServiceRequest`)
}
export function typeOf(name: string): protobuf.Type {
  return root.lookupType(`opentelemetry.proto.${name}`)
}

// biome-ignore lint/suspicious/noExplicitAny: a message of any type, as the judge has it
export type Plain = Record<string, any>

/** What the judge reads: 64-bit numbers as text, bytes in hexadecimal, only what is there. */
export function judged(type: protobuf.Type, bytes: Uint8Array): Plain {
  return hexed(type.toObject(type.decode(bytes), { longs: String, enums: Number, json: false }))
}

export function encoded(type: protobuf.Type, message: Plain): Uint8Array {
  return new Uint8Array(type.encode(type.fromObject(message)).finish())
}

function hexed(value: unknown): Plain {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex') as unknown as Plain
  if (Array.isArray(value)) return value.map(hexed) as unknown as Plain
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hexed(item)]))
  return value as Plain
}

/** Fields that only profiles use. */
const NOT_HERE = new Set(['keyStrindex', 'stringValueStrindex'])
const IDS: Record<string, number> = { traceId: 16, spanId: 8, parentSpanId: 8 }
const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -20n, max: 200n }))
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 300n }))

/** Messages of a type, made from its schema: every field, absent or not. Values lie at most `depth` messages deep. */
export function anyMessage(type: protobuf.Type, depth = 9): fc.Arbitrary<Plain> {
  const single = new Map<string, fc.Arbitrary<unknown>>()
  const choices = new Map<string, fc.Arbitrary<Plain>[]>()
  for (const field of type.fieldsArray) {
    if (NOT_HERE.has(field.name)) continue
    if (depth === 0 && field.resolvedType instanceof protobuf.Type) continue
    const value = anyField(field, depth)
    const group = field.partOf
    if (group)
      choices.set(group.name, [...(choices.get(group.name) ?? []), value.map(item => ({ [field.name]: item }))])
    else single.set(field.name, value)
  }
  const parts = fc.record(Object.fromEntries(single), { requiredKeys: [] })
  const oneOfs = [...choices.values()].map(options => fc.oneof(fc.constant({}), ...options))
  return fc.tuple(parts, ...oneOfs).map(list => Object.assign({}, ...list))
}

function anyField(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const value = anyValue(field, depth)
  return field.repeated ? fc.array(value, { minLength: 0, maxLength: depth > 5 ? 3 : 2 }) : value
}

function anyValue(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  if (field.resolvedType instanceof protobuf.Type) {
    const inner = field.resolvedType
    return fc.constant(0).chain(() => anyMessage(inner, depth - 1))
  }
  if (field.resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.values(field.resolvedType.values))
  switch (field.type) {
    case 'string':
      return fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constant('x'.repeat(200)))
    case 'bytes': {
      const size = IDS[field.name]
      return fc.uint8Array(size ? { minLength: size, maxLength: size } : { maxLength: 20 }).map(b => new Uint8Array(b))
    }
    case 'bool':
      return fc.boolean()
    case 'double':
      return fc.double()
    case 'int64':
    case 'sfixed64':
      return int64.map(String)
    case 'uint64':
    case 'fixed64':
      return uint64.map(String)
    case 'sint32':
    case 'int32':
      return fc.integer()
    default:
      return fc.nat()
  }
}

/** Requests with items in them. */
export function anyRequest(signal: Signal): fc.Arbitrary<Plain> {
  return anyMessage(requestType(signal))
}

/** The items of a request, each with what is around it. */
export function itemsOf(signal: 'traces' | 'logs', request: Plain): { resource: Plain; scope: Plain; item: Plain }[] {
  const [groups, scopes, items] =
    signal === 'traces' ? ['resourceSpans', 'scopeSpans', 'spans'] : ['resourceLogs', 'scopeLogs', 'logRecords']
  const list: { resource: Plain; scope: Plain; item: Plain }[] = []
  for (const group of request[groups] ?? [])
    for (const scope of group[scopes] ?? [])
      for (const item of scope[items] ?? []) {
        const { [scopes]: _, ...resource } = group
        const { [items]: __, ...rest } = scope
        list.push({ resource, scope: rest, item })
      }
  return list
}

/**
 * The same message with its fields in any order and with lengths longer than they need be: all of it legal.
 */
export function scrambled(type: protobuf.Type, message: Plain, random: () => number): Uint8Array {
  const parts: Uint8Array[] = []
  for (const [name, value] of Object.entries(message)) {
    const field = type.fields[name]
    const one = (item: unknown): void => {
      const inner = field.resolvedType
      if (inner instanceof protobuf.Type) parts.push(nested(field.id, scrambled(inner, item as Plain, random), random))
      else parts.push(encoded(type, { [name]: field.repeated ? [item] : item }))
    }
    if (!field.repeated) one(value)
    else for (const item of value) one(item)
  }
  return new Uint8Array(
    Buffer.concat(
      shuffledFields(
        parts.filter(part => part.length > 0),
        random,
      ),
    ),
  )
}

/** In any order, except that the parts of one field keep theirs. */
function shuffledFields(parts: Uint8Array[], random: () => number): Uint8Array[] {
  const shuffled = parts.map(part => ({ part, rank: random() })).toSorted((a, b) => a.rank - b.rank)
  const left = Map.groupBy(parts, part => protobuf.Reader.create(part).uint32())
  return shuffled.map(({ part }) => left.get(protobuf.Reader.create(part).uint32())?.shift() as Uint8Array)
}

/** Numbers in [0, 1) that a seed decides. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function nested(id: number, bytes: Uint8Array, random: () => number): Uint8Array {
  const out: number[] = []
  const varint = (value: number, pad: boolean): void => {
    let rest = value
    for (; rest > 127; rest >>>= 7) out.push((rest & 127) | 128)
    if (pad) out.push(rest | 128, 0)
    else out.push(rest)
  }
  varint((id << 3) | 2, false)
  varint(bytes.length, random() < 0.2)
  return new Uint8Array(Buffer.concat([Uint8Array.from(out), bytes]))
}
