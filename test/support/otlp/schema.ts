import { join } from 'node:path'
import protobuf from 'protobufjs'
import { FileDescriptorSet } from 'protobufjs/ext/descriptor.js'
import type { Signal } from '../../../src/component/types.ts'
import { opentelemetryPython } from './python.ts'

const REQUESTS: Record<Signal, string> = {
  traces: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  metrics: 'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
  logs: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest',
}

/** A message as plain values: 64-bit numbers as texts, bytes as hex, fields that are not set with their defaults. */
export type Plain = { [key: string]: unknown }

/** OTLP as protobufjs understands the schema that PyPI's opentelemetry-proto carries: nothing of it is ours. */
export class Schema {
  readonly root: protobuf.Root

  private constructor(root: protobuf.Root) {
    this.root = root
  }

  static async load(): Promise<Schema> {
    const set = await opentelemetryPython.run(join(import.meta.dirname, 'descriptors.py'))
    const files = FileDescriptorSet.decode(set) as unknown as { file: { messageType: DescribedMessage[] }[] }
    for (const file of files.file) file.messageType.forEach(inCamelCase)
    const { fromDescriptor } = protobuf.Root as unknown as { fromDescriptor(set: object): protobuf.Root }
    const root = fromDescriptor(files)
    root.resolveAll()
    return new Schema(root)
  }

  requestType(signal: Signal): protobuf.Type {
    return this.root.lookupType(REQUESTS[signal])
  }

  encode(signal: Signal, request: object): Uint8Array<ArrayBuffer> {
    const type = this.requestType(signal)
    return new Uint8Array(type.encode(type.fromObject(request)).finish())
  }

  decode(signal: Signal, bytes: Uint8Array): Plain {
    const type = this.requestType(signal)
    return type.toObject(type.decode(bytes), { longs: String, bytes: Buffer, defaults: true, arrays: true })
  }

  /** OTLP/JSON has ids in hexadecimal where protobuf's JSON mapping has base64. */
  decodeJson(signal: Signal, body: Uint8Array): Plain {
    const request = JSON.parse(Buffer.from(body).toString(), (key, value) =>
      /^(?:trace|span|parentSpan)Id$/.test(key) ? Buffer.from(value, 'hex').toString('base64') : value,
    )
    return this.decode(signal, this.encode(signal, request))
  }
}

interface DescribedMessage {
  field: { name: string }[]
  nestedType: DescribedMessage[]
}

/** As JSON spells fields. */
function inCamelCase({ field, nestedType }: DescribedMessage): void {
  for (const one of field) one.name = one.name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())
  nestedType.forEach(inCamelCase)
}

const GROUPS = { traces: 'resourceSpans', metrics: 'resourceMetrics', logs: 'resourceLogs' } as const
const SCOPES = { traces: 'scopeSpans', metrics: 'scopeMetrics', logs: 'scopeLogs' } as const
const ITEMS = { traces: 'spans', metrics: 'metrics', logs: 'logRecords' } as const
const METRIC_DATA = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const

/**
 * Every span, log record or data point of some requests with all that it stands under, as text and in an order of its own:
 * equal lists hold the same items with the same fields.
 */
export function itemsOf(signal: Signal, requests: readonly Plain[]): string[] {
  const items: object[] = []
  for (const request of requests)
    for (const group of list(request[GROUPS[signal]]))
      for (const scope of list(group[SCOPES[signal]]))
        for (const item of list(scope[ITEMS[signal]])) {
          const above = { inGroup: rest(group, SCOPES[signal]), inScope: rest(scope, ITEMS[signal]) }
          if (signal === 'metrics') items.push(...pointsOf(item).map(point => ({ ...above, ...point })))
          else items.push({ ...above, item })
        }
  return items.map(item => JSON.stringify(inOrder(item))).sort()
}

function pointsOf(metric: Plain): object[] {
  const kind = METRIC_DATA.find(name => metric[name])
  if (!kind) return []
  const data = metric[kind] as Plain
  const metadata = { metric: rest(metric, ...METRIC_DATA), kind, data: rest(data, 'dataPoints') }
  return list(data.dataPoints).map(point => ({ ...metadata, point }))
}

const list = (value: unknown): Plain[] => (value ?? []) as Plain[]

const rest = (value: Plain, ...without: string[]): Plain =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !without.includes(key)))

/** The order of attributes means nothing, nor does that of keys; bytes as hex. */
function inOrder(value: unknown, key = ''): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) {
    const items = value.map(item => inOrder(item))
    return key.toLowerCase().endsWith('attributes') || key === 'metadata' ? items.map(text).sort() : items
  }
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (/^(?:positive|negative|scope|resource)$/.test(key) && isEmpty(value as Plain)) return null
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, inOrder(inner, name)]))
}

/** Buckets, a scope or a resource that is there and has nothing set says the same as none. */
const isEmpty = (value: Plain): boolean =>
  Object.values(value).every(field => (Array.isArray(field) ? field.length === 0 : !field || field === '0'))

const text = (value: unknown): string => JSON.stringify(value)

/** Where two lists of `itemsOf` differ first, short enough to read; undefined when they are equal. */
export function firstDifference(received: readonly string[], sent: readonly string[]): string | undefined {
  if (received.length !== sent.length) return `${received.length} items were received, ${sent.length} were sent`
  const i = sent.findIndex((item, i) => item !== received[i])
  if (i < 0) return undefined
  let at = 0
  while (sent[i][at] === received[i][at]) at++
  const around = (item: string) => item.slice(Math.max(0, at - 150), at + 150)
  return `item ${i} at ${at}: received …${around(received[i])}…, sent …${around(sent[i])}…`
}
