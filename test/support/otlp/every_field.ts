import type protobuf from 'protobufjs'
import type { Signal } from '../../../src/component/types.ts'
import type { Plain, Schema } from './schema.ts'

/** Of profiles: elsewhere they are not to be set. */
const NOT_USED = /StrIndex$|Strindex$/
const MAX_DEPTH = 3

/**
 * Requests with `count` items, in which every field of the schema is set: by walking the schema, so that a new field is
 * there as soon as the schema has it. Alternatives of a oneof take turns.
 */
export function everyField(schema: Schema, signal: Signal, count: number, perRequest = 100): Plain[] {
  const requests: Plain[] = []
  for (let from = 0; from < count; from += perRequest) {
    const items = Array.from({ length: Math.min(perRequest, count - from) }, (_, i) => from + i)
    requests.push(signal === 'metrics' ? metricsRequest(schema, items) : itemsRequest(schema, signal, items))
  }
  return requests
}

const NAMES = {
  traces: { groups: 'resourceSpans', scopes: 'scopeSpans', items: 'spans', item: 'trace.v1.Span' },
  logs: { groups: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords', item: 'logs.v1.LogRecord' },
}

function itemsRequest(schema: Schema, signal: 'traces' | 'logs', numbers: number[]): Plain {
  const names = NAMES[signal]
  const type = (name: string) => schema.root.lookupType(`opentelemetry.proto.${name}`)
  const items = numbers.map(i => message(type(names.item), i))
  const resource = message(type('resource.v1.Resource'), numbers[0])
  const scope = message(type('common.v1.InstrumentationScope'), numbers[0])
  const scopes = [{ scope, [names.items]: items, schemaUrl: `https://example.com/scope/${numbers[0]}` }]
  return { [names.groups]: [{ resource, [names.scopes]: scopes, schemaUrl: 'https://example.com/resource' }] }
}

/** Any message with every field set from `seed`. */
export function message(type: protobuf.Type, seed: number, depth = 0): Plain {
  const value: Plain = {}
  for (const field of type.fieldsArray) {
    if (NOT_USED.test(field.name)) continue
    const oneof = field.partOf && !field.options?.proto3_optional && field.partOf.fieldsArray.length > 1
    if (oneof && !isTurn(field, seed, depth)) continue
    if (field.repeated) value[field.name] = [0, 1].map(i => fieldValue(field, seed + i, depth, i))
    else value[field.name] = fieldValue(field, seed, depth, 0)
  }
  return value
}

/** Values that hold values come to an end. */
function isTurn(field: protobuf.Field, seed: number, depth: number): boolean {
  const usable = (field.partOf as protobuf.OneOf).fieldsArray.filter(
    ({ name, resolvedType }) => !NOT_USED.test(name) && (depth < MAX_DEPTH || !resolvedType),
  )
  return usable[seed % usable.length] === field
}

function fieldValue(field: protobuf.Field, seed: number, depth: number, nth: number): unknown {
  const { resolvedType: type, name } = field
  if (type && 'values' in type) {
    const values = Object.values(type.values).filter(value => value !== 0)
    return values[seed % values.length]
  }
  if (type) return message(type as protobuf.Type, seed * 13 + nth * 5 + depth, depth + 1)
  switch (field.type) {
    case 'string':
      return name === 'key' ? `key.${seed}.${nth}` : `${name} ${seed} – «ü» \u{1f4c8}`
    case 'bytes':
      return Buffer.alloc(name.endsWith('Id') ? (name === 'traceId' ? 16 : 8) : 5, (seed % 250) + 1)
    case 'bool':
      return true
    case 'double':
      return (seed + 1) * 1.25e-3
    case 'fixed64':
    case 'uint64':
      return String(1_750_000_000_000_000_000n + BigInt(seed) * 1_000_003n)
    case 'int64':
    case 'sfixed64':
      return String(-9_007_199_254_740_993n - BigInt(seed))
    case 'sint32':
    case 'int32':
      return -1 - seed
    default:
      return seed + 1
  }
}

/** Fields, as `Span.name`, that a type has anywhere in it and that no request of these sets. */
export function missingFields(schema: Schema, signal: Signal, requests: readonly Plain[]): string[] {
  const missing = new Set<string>()
  const types = new Set<protobuf.Type>()
  const declare = (type: protobuf.Type): void => {
    if (types.has(type)) return
    types.add(type)
    for (const { name, resolvedType } of type.fieldsArray) {
      if (!NOT_USED.test(name)) missing.add(`${type.name}.${name}`)
      if (resolvedType && 'fieldsArray' in resolvedType) declare(resolvedType)
    }
  }
  const see = (type: protobuf.Type, value: Plain): void => {
    for (const { name, repeated, resolvedType } of type.fieldsArray) {
      if (value[name] === undefined || value[name] === 0) continue
      missing.delete(`${type.name}.${name}`)
      const inner = repeated ? (value[name] as Plain[]) : [value[name] as Plain]
      if (resolvedType && 'fieldsArray' in resolvedType) for (const one of inner) see(resolvedType, one)
    }
  }
  declare(schema.requestType(signal))
  for (const request of requests) see(schema.requestType(signal), request)
  return [...missing]
}

/** Metrics with what the kinds demand of each other: as many counts as buckets, a temporality, each series its own attributes. */
function metricsRequest(schema: Schema, numbers: number[]): Plain {
  const type = (name: string) => schema.root.lookupType(`opentelemetry.proto.${name}`)
  const { entityRefs: _, ...resource } = message(type('resource.v1.Resource'), numbers[0])
  const scope = message(type('common.v1.InstrumentationScope'), numbers[0])
  const metrics = numbers.map(i => ({
    name: `metric.${i}`,
    description: `what metric ${i} counts`,
    unit: 'By',
    metadata: [{ key: 'origin', value: { stringValue: `m${i}` } }],
    ...data(type, i),
  }))
  const scopes = [{ scope, metrics, schemaUrl: `https://example.com/scope/${numbers[0]}` }]
  return { resourceMetrics: [{ resource, scopeMetrics: scopes, schemaUrl: 'https://example.com/resource' }] }
}

function data(type: (name: string) => protobuf.Type, i: number): Plain {
  const point = (name: string, over: Plain) => ({ ...message(type(`metrics.v1.${name}`), i), flags: 0, ...over })
  const aggregationTemporality = 1 + (i % 2)
  if (i % 40 === 35) {
    // NO_RECORDED_VALUE: the series ends here.
    const { attributes, startTimeUnixNano, timeUnixNano } = message(type('metrics.v1.NumberDataPoint'), i)
    return { gauge: { dataPoints: [{ attributes, startTimeUnixNano, timeUnixNano, flags: 1 }] } }
  }
  switch (i % 5) {
    case 0:
      return { gauge: { dataPoints: [point('NumberDataPoint', {})] } }
    case 1:
      return {
        sum: { dataPoints: [point('NumberDataPoint', {})], aggregationTemporality, isMonotonic: i % 3 > 0 },
      }
    case 2: {
      const bucketCounts = ['1', '0', '3', String(2n ** 53n + BigInt(i))]
      const shape = { bucketCounts, explicitBounds: [0.1, 1, 10], count: String(2n ** 53n + BigInt(i) + 4n) }
      return { histogram: { dataPoints: [point('HistogramDataPoint', shape)], aggregationTemporality } }
    }
    case 3: {
      const buckets = { offset: -3, bucketCounts: ['1', '0', '2'] }
      const shape = { scale: 3, positive: buckets, negative: { ...buckets, offset: 4 }, zeroCount: '5', count: '11' }
      return {
        exponentialHistogram: {
          dataPoints: [point('ExponentialHistogramDataPoint', { ...shape, zeroThreshold: 1e-6 })],
          aggregationTemporality,
        },
      }
    }
    default: {
      const quantileValues = [
        { quantile: 0.5, value: i },
        { quantile: 0.99, value: i * 2 },
      ]
      return { summary: { dataPoints: [point('SummaryDataPoint', { quantileValues })] } }
    }
  }
}
