import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
import type { LogEdit, SpanEdit, TraceBatch } from '../../src/telemetry/wire_batch.ts'
import { WireBatch } from '../../src/telemetry/wire_batch.ts'
import { prepareAttribute } from '../../src/telemetry/wire_changes.ts'
import { attributeKey } from '../../src/telemetry/wire_values.ts'
import { anyRequest, encoded, judged, type Plain, requestType } from './schema.ts'

const origin = { receiver: 'otlp' }
const traces = requestType('traces')
const logs = requestType('logs')

/** Requests that name their attributes alike, so that edits hit. */
const keys = ['a', 'b', 'x'.repeat(130), '']
function named(request: Plain, seed: number): Plain {
  let n = seed
  const walk = (value: unknown): void => {
    if (value instanceof Uint8Array || value === null || typeof value !== 'object') return
    if (Array.isArray(value)) {
      for (const item of value) walk(item)
      return
    }
    const plain = value as Plain
    if (Array.isArray(plain.attributes)) {
      const names = new Set<string>()
      for (const attribute of plain.attributes) {
        attribute.key = keys[n++ % keys.length]
        names.add(attribute.key)
      }
      plain.attributes = plain.attributes.filter(
        (item: Plain, i: number, all: Plain[]) => all.findIndex(o => o.key === item.key) === i,
      )
    }
    for (const item of Object.values(plain)) walk(item)
  }
  walk(request)
  return request
}
const bothRequests = (signal: 'traces' | 'logs') =>
  fc.tuple(anyRequest(signal), fc.nat(100)).map(([request, seed]) => named(structuredClone(request), seed))

/** Cuts a batch into several slices, as merging and splitting leave them. */
function inPieces(batch: TraceBatch, pieces: boolean): TraceBatch {
  const parts = pieces ? batch.split(1) : [batch]
  return parts.length > 0 ? WireBatch.concat(parts) : batch
}

/** The edit of a plain message that stands for the edit of the bytes. */
function setPlain(owner: Plain, key: string, value: Plain): void {
  const list: Plain[] = owner.attributes ?? []
  const at = list.findIndex(item => (item.key ?? '') === key)
  const attribute = key === '' ? { value } : { key, value }
  if (at >= 0) list[at] = attribute
  else list.push(attribute)
  owner.attributes = list
}
function deletePlain(owner: Plain, key: string): void {
  if (!owner.attributes) return
  owner.attributes = owner.attributes.filter((item: Plain) => (item.key ?? '') !== key)
  if (owner.attributes.length === 0) delete owner.attributes
}
const spansOf = (request: Plain): Plain[] =>
  (request.resourceSpans ?? []).flatMap((group: Plain) =>
    (group.scopeSpans ?? []).flatMap((scope: Plain) => scope.spans ?? []),
  )

/** Applies `edit` to bytes, and `plain` to what the judge reads: both must say the same then. */
function check(edit: SpanEdit, plain: (request: Plain) => void): void {
  fc.assert(
    fc.property(bothRequests('traces'), fc.boolean(), (request, pieces) => {
      const batch = inPieces(readTraces(encoded(traces, request), origin), pieces)
      const edited = batch.edit(edit)
      const expected = judged(traces, batch.encode())
      plain(expected)
      expect(withoutEmpty(judged(traces, edited.encode()))).toEqual(withoutEmpty(expected))
      expect(edited.itemCount).toBe(spansOf(expected).length)
      expect(edited.itemCount).toBe(Array.from(edited.spans()).length)
      expect(edited.slices.every(slice => slice.length > 0)).toBe(true)
    }),
    { numRuns: 200 },
  )
}
/** An absent list and an empty message read the same. */
function withoutEmpty(value: Plain): Plain {
  const text = JSON.stringify(value, (_, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  )
  return JSON.parse(text)
}

describe('an edit changes what it says and nothing else', () => {
  test('nothing: the batch itself comes back', () => {
    fc.assert(
      fc.property(bothRequests('traces'), request => {
        const batch = readTraces(encoded(traces, request), origin)
        expect(batch.edit({ resource() {}, scope() {}, item() {} })).toBe(batch)
      }),
    )
  })

  test('one resource attribute set', () => {
    check({ resource: (_, change) => change.set('a', 'new') }, request => {
      for (const group of request.resourceSpans ?? []) {
        group.resource ??= {}
        setPlain(group.resource, 'a', { stringValue: 'new' })
      }
    })
  })

  test('scope attribute deleted, scope renamed', () => {
    check(
      {
        scope(_, change) {
          change.delete('b')
          change.setName('scope')
        },
      },
      request => {
        for (const group of request.resourceSpans ?? [])
          for (const scope of group.scopeSpans ?? []) {
            scope.scope ??= {}
            deletePlain(scope.scope, 'b')
            scope.scope.name = 'scope'
          }
      },
    )
  })

  test('one attribute deleted and one set on every span', () => {
    const dropped = attributeKey('a')
    const added = prepareAttribute('b', 42n)
    check(
      {
        item(_, change) {
          change.delete(dropped)
          change.put(added)
        },
      },
      request => {
        for (const span of spansOf(request)) {
          deletePlain(span, 'a')
          setPlain(span, 'b', { intValue: '42' })
        }
      },
    )
  })

  test('long and empty keys', () => {
    check(
      {
        item(_, change) {
          change.set(keys[2], true)
          change.set('', 1.5)
        },
      },
      request => {
        for (const span of spansOf(request)) {
          setPlain(span, keys[2], { boolValue: true })
          setPlain(span, '', { doubleValue: 1.5 })
        }
      },
    )
  })

  test('fields of a span, each twice, with attributes between', () => {
    check(
      {
        item(span, change) {
          change.setName('first')
          change.setStatus(2, 'broken')
          change.set('a', 'one')
          change.setName(`${span.name} second`)
          change.setKind(3)
          change.setTraceState('')
          change.set('a', `${span.attribute('a')} two`)
        },
      },
      request => {
        for (const span of spansOf(request)) {
          span.name = 'first second'
          span.status = { code: 2, message: 'broken' }
          span.kind = 3
          delete span.traceState
          setPlain(span, 'a', { stringValue: 'one two' })
        }
      },
    )
  })

  test('an attribute is put in between where the field behind it is replaced', () => {
    const span = { attributes: [{ key: 'a', value: { boolValue: true } }], status: { code: 1 }, flags: 7 }
    const batch = readTraces(encoded(traces, { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }), origin)
    const edited = batch.edit({
      item(_, change) {
        change.setStatus(2, 'broken')
        change.set('b', 1n)
        change.set('c', 2n)
      },
    })
    expect(spansOf(judged(traces, edited.encode()))).toEqual([
      {
        attributes: [
          ...span.attributes,
          { key: 'b', value: { intValue: '1' } },
          { key: 'c', value: { intValue: '2' } },
        ],
        status: { code: 2, message: 'broken' },
        flags: 7,
      },
    ])
  })

  test('spans dropped by what they say: groups without any disappear, empty ones that came stay', () => {
    const drops = (kind: number): boolean => kind > 1
    check({ item: (span, change) => (drops(span.kind) ? change.drop() : undefined) }, request => {
      request.resourceSpans = request.resourceSpans?.filter((group: Plain) => {
        const before = spansOf({ resourceSpans: [group] }).length
        const scopesBefore = group.scopeSpans?.length
        group.scopeSpans = group.scopeSpans?.filter((scope: Plain) => {
          const had = scope.spans?.length ?? 0
          scope.spans = scope.spans?.filter((span: Plain) => !drops(span.kind ?? 0))
          return had === 0 || scope.spans.length > 0
        })
        return before === 0 || scopesBefore === 0 || group.scopeSpans.length > 0
      })
      if (request.resourceSpans?.length === 0) delete request.resourceSpans
    })
  })

  test('whole resources dropped', () => {
    check({ resource: (resource, change) => (resource.hasAttribute('a') ? change.drop() : undefined) }, request => {
      request.resourceSpans = request.resourceSpans?.filter(
        (group: Plain) => !group.resource?.attributes?.some((item: Plain) => item.key === 'a'),
      )
      if (request.resourceSpans?.length === 0) delete request.resourceSpans
    })
  })

  test('scope groups dropped', () => {
    check({ scope: (scope, change) => (scope.version === '' ? change.drop() : undefined) }, request => {
      request.resourceSpans = request.resourceSpans?.filter((group: Plain) => {
        const before = group.scopeSpans?.length ?? 0
        group.scopeSpans = group.scopeSpans?.filter((scope: Plain) => scope.scope?.version)
        return before === 0 || group.scopeSpans.length > 0
      })
      if (request.resourceSpans?.length === 0) delete request.resourceSpans
    })
  })

  test('a span that has an attribute gives its name to its resource and its kind to its scope', () => {
    check(
      {
        item(span, change, owners) {
          if (!span.hasAttribute('a')) return
          change.delete('a')
          owners.resource.set('last', `${span.resource.attribute('last') ?? ''} ${span.name}`)
          owners.scope.set('last', BigInt(span.kind))
        },
      },
      request => {
        for (const group of request.resourceSpans ?? [])
          for (const scope of group.scopeSpans ?? [])
            for (const span of scope.spans ?? []) {
              if (!span.attributes?.some((item: Plain) => item.key === 'a')) continue
              deletePlain(span, 'a')
              group.resource ??= {}
              const before = group.resource.attributes?.find((item: Plain) => item.key === 'last')
              const text = `${before?.value.stringValue ?? ''} ${span.name ?? ''}`
              setPlain(group.resource, 'last', { stringValue: text })
              scope.scope ??= {}
              setPlain(scope.scope, 'last', { intValue: String(span.kind ?? 0) })
            }
      },
    )
  })
})

test('log records take every field that an edit gives them', () => {
  const edit: LogEdit = {
    item(record, change) {
      change.setBody({ was: [record.severityText, 1n] })
      change.setSeverity(17, 'ERROR')
      change.setTime(1, 2)
      change.setObservedTime(3, 4)
      change.setEventName('event')
      change.setTraceContext(
        Uint8Array.from({ length: 16 }, (_, i) => i),
        Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
        1,
      )
      change.delete('b')
    },
  }
  fc.assert(
    fc.property(bothRequests('logs'), request => {
      const batch = readLogs(encoded(logs, request), origin)
      const edited = batch.edit(edit)
      const expected = judged(logs, batch.encode())
      for (const group of expected.resourceLogs ?? [])
        for (const scope of group.scopeLogs ?? [])
          for (const record of scope.logRecords ?? []) {
            const was = [{ stringValue: record.severityText ?? '' }, { intValue: '1' }]
            record.body = { kvlistValue: { values: [{ key: 'was', value: { arrayValue: { values: was } } }] } }
            Object.assign(record, { severityNumber: 17, severityText: 'ERROR', eventName: 'event', flags: 1 })
            record.timeUnixNano = String((2n << 32n) | 1n)
            record.observedTimeUnixNano = String((4n << 32n) | 3n)
            record.traceId = '000102030405060708090a0b0c0d0e0f'
            record.spanId = '0102030405060708'
            deletePlain(record, 'b')
          }
      expect(judged(logs, edited.encode())).toEqual(expected)
    }),
  )
})

describe('what an edit keeps in memory', () => {
  const request = (spans: number): Uint8Array =>
    encoded(traces, {
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeSpans: [
            {
              spans: Array.from({ length: spans }, (_, i) => ({
                name: `span ${i}`,
                attributes: [{ key: 'text', value: { stringValue: 'x'.repeat(400) } }],
              })),
            },
          ],
          schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
        },
      ],
    })

  test('an edit of the resource shares all spans', () => {
    const batch = readTraces(request(100), origin)
    const edited = batch.edit({ resource: (_, change) => change.set('zone', 'a') })
    expect(edited.slices.filter(slice => slice.buffer === batch.slices[0].buffer).length).toBe(1)
    expect(edited.retainedBytes).toBeLessThan(batch.retainedBytes + 500)
    expect(edited.origin).toBe(batch.origin)
  })

  test('one changed span of many leaves the others where they are', () => {
    const batch = readTraces(request(100), origin)
    const edited = batch.edit({
      item: (span, change) => (span.name === 'span 50' ? change.set('hit', true) : undefined),
    })
    const shared = edited.slices.filter(slice => slice.buffer === batch.slices[0].buffer)
    expect(shared.reduce((sum, slice) => sum + slice.length, 0)).toBeGreaterThan(batch.sizeBytes - 1000)
  })

  test('backing stores count once, and a small rest of a large request is copied out of it', () => {
    const batch = readTraces(request(100), origin)
    const parts = batch.split(10)
    expect(parts).toHaveLength(10)
    expect(parts[0].retainedBytes).toBeGreaterThan(batch.sizeBytes)
    const compact = parts[0].compact()
    expect(compact.retainedBytes).toBe(compact.sizeBytes)
    expect(compact.itemCount).toBe(10)
    expect(judged(traces, compact.encode())).toEqual(judged(traces, parts[0].encode()))
    expect(batch.compact()).toBe(batch)
    const merged = WireBatch.concat(parts)
    expect(merged.retainedBytes).toBeLessThan(batch.retainedBytes + 3000)
  })
})
