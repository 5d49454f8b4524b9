import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MESSAGES } from '../../src/otlp/schema.ts'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
import type { AttributeValue } from '../../src/telemetry/attributes.ts'
import { decodeAttributes } from '../../src/telemetry/attributes.ts'
import { WireBatch } from '../../src/telemetry/wire_batch.ts'
import type { LogRecord } from '../../src/telemetry/wire_log_record.ts'
import type { WireMessage } from '../../src/telemetry/wire_message.ts'
import type { Span } from '../../src/telemetry/wire_span.ts'
import { anyRequest, encoded, itemsOf, judged, type Plain, requestType, scrambled, seeded, typeOf } from './schema.ts'

const origin = { receiver: 'otlp' }
const read = (signal: 'traces' | 'logs', bytes: Uint8Array): WireBatch<'traces'> | WireBatch<'logs'> =>
  signal === 'traces' ? readTraces(bytes, origin) : readLogs(bytes, origin)
const file = (name: string): Uint8Array => new Uint8Array(readFileSync(join(import.meta.dirname, 'testdata', name)))
const hex = (bytes: Uint8Array): string | undefined =>
  bytes.length > 0 ? Buffer.from(bytes).toString('hex') : undefined
const nanos = (lo: number, hi: number): string => String((BigInt(hi) << 32n) | BigInt(lo))

/** A value as the judge has it, as an AttributeValue. */
function attributeValue(any: Plain | undefined): AttributeValue {
  if (any?.stringValue !== undefined) return any.stringValue
  if (any?.boolValue !== undefined) return any.boolValue
  if (any?.intValue !== undefined) return BigInt(any.intValue)
  if (any?.doubleValue !== undefined) return any.doubleValue
  if (any?.bytesValue !== undefined) return new Uint8Array(Buffer.from(any.bytesValue, 'hex'))
  if (any?.arrayValue !== undefined) return (any.arrayValue.values ?? []).map(attributeValue)
  if (any?.kvlistValue !== undefined)
    return Object.assign(
      Object.create(null),
      ...(any.kvlistValue.values ?? []).map((kv: Plain) => ({ [kv.key ?? '']: attributeValue(kv.value) })),
    )
  return null
}
const pairs = (list: Plain[] | undefined): [string, AttributeValue][] =>
  (list ?? []).map(kv => [kv.key ?? '', attributeValue(kv.value)])
function attributesOf(message: WireMessage): [string, AttributeValue][] {
  const seen: [string, AttributeValue][] = []
  message.eachAttribute((key, value) => seen.push([key, value]))
  const kept: [string, AttributeValue][] = []
  decodeAttributes(message.attributes(), (key, value) => kept.push([key, value]))
  expect(kept.map(([key]) => key)).toEqual(seen.map(([key]) => key))
  return seen
}
/** Looks each attribute up by its name: the first of that name is found. */
function lookUp(message: WireMessage, list: Plain[] | undefined): void {
  for (const [key] of pairs(list)) {
    const first = pairs(list).find(([other]) => other === key) as [string, AttributeValue]
    expect(message.attribute(key)).toEqual(first[1])
  }
  expect(message.attribute('no such attribute')).toBe(undefined)
}

describe('the tables of src/otlp', () => {
  test('have every field of the official schema, with its number and type', () => {
    const names: Record<string, string> = {
      TracesRequest: 'collector.trace.v1.ExportTraceServiceRequest',
      LogsRequest: 'collector.logs.v1.ExportLogsServiceRequest',
      MetricsRequest: 'collector.metrics.v1.ExportMetricsServiceRequest',
      Event: 'trace.v1.Span.Event',
      Link: 'trace.v1.Span.Link',
      Buckets: 'metrics.v1.ExponentialHistogramDataPoint.Buckets',
      ValueAtQuantile: 'metrics.v1.SummaryDataPoint.ValueAtQuantile',
      Resource: 'resource.v1.Resource',
    }
    const packages = ['common.v1', 'trace.v1', 'logs.v1', 'metrics.v1']
    for (const message of MESSAGES.values()) {
      const found = [names[message.name], ...packages.map(name => `${name}.${message.name}`)].filter(Boolean)
      const type = found.map(name => tryType(name)).find(Boolean)
      expect(type, message.name).toBeDefined()
      const theirs = type!.fieldsArray
        .filter(field => !field.name.endsWith('Strindex'))
        .map(
          field =>
            `${field.name}=${field.id} ${field.resolvedType?.name ?? scalarOf(field.type)}${field.repeated ? '*' : ''}`,
        )
      const ours = message.fields.map(
        field =>
          `${field.name}=${field.number} ${field.message ? lastName(names[field.message.name] ?? field.message.name) : field.scalar === 'enum' ? enumName(theirs, field.name) : field.scalar === 'id' ? 'bytes' : field.scalar}${field.repeated ? '*' : ''}`,
      )
      expect(ours.toSorted()).toEqual(theirs.toSorted())
      expect(message.byMark.size).toBe(message.fields.length)
    }
  })
})
const lastName = (name: string): string => name.split('.').at(-1) as string
const enumName = (theirs: string[], field: string): string =>
  theirs
    .find(line => line.startsWith(`${field}=`))
    ?.split(' ')[1]
    .replace('*', '') as string
const scalarOf = (type: string): string => type
function tryType(name: string) {
  try {
    return typeOf(name)
  } catch {
    return undefined
  }
}

describe.each(['traces', 'logs'] as const)('%s', signal => {
  const type = requestType(signal)
  const requests = anyRequest(signal)

  test('are taken from any valid request, with their bytes and their number', () => {
    fc.assert(
      fc.property(requests, request => {
        const bytes = encoded(type, request)
        const batch = read(signal, bytes)
        expect(batch.itemCount).toBe(itemsOf(signal, judged(type, bytes)).length)
        expect(judged(type, batch.encode())).toEqual(judged(type, bytes))
      }),
    )
  })

  test('mean the same when fields come in another order and lengths are longer than they need be', () => {
    fc.assert(
      fc.property(requests, fc.nat(), (request, seed) => {
        const batch = read(signal, scrambled(type, request, seeded(seed)))
        expect(judged(type, batch.encode())).toEqual(judged(type, encoded(type, request)))
        expect(everyItem(batch)).toEqual(everyItem(read(signal, encoded(type, request))))
      }),
      { numRuns: 200 },
    )
  })

  test('split in any way are the same items in the same order with the same surroundings', () => {
    const limits = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2000 }))
    fc.assert(
      fc.property(requests, limits, (request, [maxItems, maxBytes]) => {
        const bytes = encoded(type, request)
        const whole = read(signal, bytes)
        const parts = (whole as WireBatch<'logs'>).split(maxItems, maxBytes)
        const expected = itemsOf(signal, judged(type, bytes))
        expect(parts.flatMap(part => itemsOf(signal, judged(type, part.encode())))).toEqual(expected)
        for (const part of parts) {
          expect(part.itemCount).toBe(itemsOf(signal, judged(type, part.encode())).length)
          if (part === whole) continue
          expect(part.itemCount).toBeLessThanOrEqual(maxItems)
          expect(part.itemCount === 1 || part.sizeBytes <= maxBytes).toBe(true)
        }
        if (parts.length === 0) return
        const merged = WireBatch.concat(parts)
        expect(merged.itemCount).toBe(whole.itemCount)
        expect(itemsOf(signal, judged(type, merged.encode()))).toEqual(expected)
        // A second split walks slices that end inside groups.
        const again = merged.split(maxItems + 1, maxBytes)
        expect(again.flatMap(part => itemsOf(signal, judged(type, part.encode())))).toEqual(expected)
        expect(everyItem(merged as never)).toEqual(everyItem(whole))
      }),
      { numRuns: 200 },
    )
  })
})

/** Everything that cursors say, by getters' names. */
function everyItem(batch: WireBatch<'traces'> | WireBatch<'logs'>): unknown[] {
  const items: Iterable<Span | LogRecord> =
    batch.signal === 'traces' ? (batch as WireBatch<'traces'>).spans() : (batch as WireBatch<'logs'>).logRecords()
  return Array.from(items, item => [
    item.resource.keep(),
    item.scope.keep(),
    attributesOf(item),
    item.traceId.slice(),
    item.spanId.slice(),
    item.flags,
  ])
}

test('a cursor reads every field of a span as the judge does', () => {
  const type = requestType('traces')
  fc.assert(
    fc.property(anyRequest('traces'), request => {
      const bytes = encoded(type, request)
      const expected = itemsOf('traces', judged(type, bytes))
      const kept = []
      let i = 0
      for (const span of readTraces(bytes, origin).spans()) {
        const { item, resource, scope } = expected[i++]
        checkSpan(span, item, resource, scope)
        kept.push(span.ref())
      }
      expect(i).toBe(expected.length)
      for (const [n, span] of kept.entries()) checkSpan(span, expected[n].item, expected[n].resource, expected[n].scope)
    }),
    { numRuns: 300 },
  )
})

function checkSpan(span: Span, item: Plain, resource: Plain, scope: Plain): void {
  expect([span.name, span.traceState, span.kind]).toEqual([item.name ?? '', item.traceState ?? '', item.kind ?? 0])
  expect([hex(span.traceId), hex(span.spanId)]).toEqual([item.traceId, item.spanId].map(id => id || undefined))
  expect(hex(span.parentSpanId)).toBe(item.parentSpanId || undefined)
  expect(Buffer.from(span.nameBytes).toString()).toBe(item.name ?? '')
  expect(nanos(span.startLo, span.startHi)).toBe(item.startTimeUnixNano ?? '0')
  expect(nanos(span.endLo, span.endHi)).toBe(item.endTimeUnixNano ?? '0')
  expect([span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount, span.flags]).toEqual([
    item.droppedAttributesCount ?? 0,
    item.droppedEventsCount ?? 0,
    item.droppedLinksCount ?? 0,
    item.flags ?? 0,
  ])
  expect([span.statusCode, span.statusMessage]).toEqual([item.status?.code ?? 0, item.status?.message ?? ''])
  expect(attributesOf(span)).toEqual(pairs(item.attributes))
  lookUp(span, item.attributes)
  const events: Plain[] = []
  span.eachEvent(event => {
    events.push([nanos(event.timeLo, event.timeHi), event.name, event.droppedAttributesCount, attributesOf(event)])
  })
  expect(events).toEqual(
    (item.events ?? []).map((event: Plain) => [
      event.timeUnixNano ?? '0',
      event.name ?? '',
      event.droppedAttributesCount ?? 0,
      pairs(event.attributes),
    ]),
  )
  const links: Plain[] = []
  span.eachLink(link => {
    links.push([
      hex(link.traceId),
      hex(link.spanId),
      link.traceState,
      link.flags,
      link.droppedAttributesCount,
      attributesOf(link),
    ])
  })
  expect(links).toEqual(
    (item.links ?? []).map((link: Plain) => [
      link.traceId || undefined,
      link.spanId || undefined,
      link.traceState ?? '',
      link.flags ?? 0,
      link.droppedAttributesCount ?? 0,
      pairs(link.attributes),
    ]),
  )
  checkOwners(span, resource, scope)
}

function checkOwners(item: { resource: Plain; scope: Plain }, resource: Plain, scope: Plain): void {
  expect(item.resource.schemaUrl).toBe(resource.schemaUrl ?? '')
  expect(item.scope.schemaUrl).toBe(scope.schemaUrl ?? '')
  expect([item.scope.name, item.scope.version, item.scope.droppedAttributesCount]).toEqual([
    scope.scope?.name ?? '',
    scope.scope?.version ?? '',
    scope.scope?.droppedAttributesCount ?? 0,
  ])
  expect(item.resource.droppedAttributesCount).toBe(resource.resource?.droppedAttributesCount ?? 0)
  expect(attributesOf(item.resource as WireMessage)).toEqual(pairs(resource.resource?.attributes))
  expect(attributesOf(item.scope as WireMessage)).toEqual(pairs(scope.scope?.attributes))
}

test('a cursor reads every field of a log record as the judge does', () => {
  const type = requestType('logs')
  fc.assert(
    fc.property(anyRequest('logs'), request => {
      const bytes = encoded(type, request)
      const expected = itemsOf('logs', judged(type, bytes))
      let i = 0
      for (const record of readLogs(bytes, origin).logRecords()) {
        const { item, resource, scope } = expected[i++]
        expect(nanos(record.timeLo, record.timeHi)).toBe(item.timeUnixNano ?? '0')
        expect(nanos(record.observedLo, record.observedHi)).toBe(item.observedTimeUnixNano ?? '0')
        expect([record.severityNumber, record.severityText, record.eventName, record.flags]).toEqual([
          item.severityNumber ?? 0,
          item.severityText ?? '',
          item.eventName ?? '',
          item.flags ?? 0,
        ])
        expect(record.body).toEqual(attributeValue(item.body))
        expect(record.bodyText).toBe(item.body?.stringValue)
        const text = record.bodyTextBytes
        expect(text && Buffer.from(text).toString()).toBe(item.body?.stringValue)
        expect([hex(record.traceId), hex(record.spanId)]).toEqual(
          [item.traceId, item.spanId].map(id => id || undefined),
        )
        expect(record.droppedAttributesCount).toBe(item.droppedAttributesCount ?? 0)
        expect(attributesOf(record)).toEqual(pairs(item.attributes))
        lookUp(record, item.attributes)
        checkOwners(record, resource, scope)
      }
      expect(i).toBe(expected.length)
    }),
    { numRuns: 300 },
  )
})

test('requests of real services are read span by span', () => {
  for (const name of ['real_traces.bin', 'small_traces.bin']) {
    const bytes = file(name)
    const expected = itemsOf('traces', judged(requestType('traces'), bytes))
    const batch = readTraces(bytes, origin)
    expect(batch.itemCount).toBe(expected.length)
    let i = 0
    for (const span of batch.spans()) checkSpan(span, expected[i].item, expected[i].resource, expected[i++].scope)
    expect(i).toBe(expected.length)
  }
})
