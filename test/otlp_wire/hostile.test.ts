import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WireError } from '../../src/otlp/reader.ts'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
import type { LogBatch, TraceBatch } from '../../src/telemetry/wire_batch.ts'
import { attributeKey } from '../../src/telemetry/wire_values.ts'
import { anyRequest, encoded, judged, requestType } from './schema.ts'

const origin = { receiver: 'otlp' }
const traces = requestType('traces')
const real = new Uint8Array(readFileSync(join(import.meta.dirname, 'testdata/real_traces.bin')))

/** What a cursor finds in every item, and what edits and splits make of it, as text. */
function everything(batch: TraceBatch | LogBatch): string {
  const seen: unknown[] = []
  const note = (key: string, value: unknown): void => {
    seen.push(key, typeof value === 'bigint' ? String(value) : value)
  }
  if (batch.signal === 'traces') {
    for (const span of (batch as TraceBatch).spans()) {
      seen.push(span.name, span.kind, span.startLo, span.endHi, span.statusMessage, span.traceId.length, span.flags)
      span.eachAttribute(note)
      span.eachEvent(event => event.eachAttribute(note))
      span.eachLink(link => seen.push(link.traceState))
      seen.push(span.resource.schemaUrl, span.scope.schemaUrl, span.scope.name)
      span.resource.eachAttribute(note)
    }
  } else {
    for (const record of (batch as LogBatch).logRecords()) {
      seen.push(record.severityText, record.timeLo, record.bodyText, record.eventName)
      note('', record.body)
      record.eachAttribute(note)
    }
  }
  const edited = (batch as TraceBatch).edit({
    resource: (_, change) => change.set('new', 1n),
    item: (item, change) => (item.hasAttribute('a') ? change.drop() : change.delete('b')),
  })
  seen.push(edited.itemCount, Buffer.from(edited.encode()).toString('hex'))
  for (const part of (batch as TraceBatch).split(2, 300)) seen.push(part.itemCount, part.sizeBytes)
  return JSON.stringify(seen, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}

/** The bytes with others around them that must not be read. */
function between(bytes: Uint8Array, around: number): Uint8Array {
  const larger = new Uint8Array(bytes.length + 64).fill(around)
  larger.set(bytes, 32)
  return larger.subarray(32, 32 + bytes.length)
}

/** What the judge reads, as text; undefined where text is no UTF-8, which it refuses. */
function judgement(signal: 'traces' | 'logs', bytes: Uint8Array): string | undefined {
  try {
    return JSON.stringify(judged(requestType(signal), bytes))
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    return undefined
  }
}

/** Reads bytes that may be anything: either a WireError inside them, or a batch that can be used and says the same as the judge. */
function survives(signal: 'traces' | 'logs', bytes: Uint8Array): boolean {
  const read = signal === 'traces' ? readTraces : readLogs
  let first: string
  try {
    first = everything(read(between(bytes, 0xff), origin))
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    expect(error.offset).toBeLessThanOrEqual(bytes.length)
    expect(() => read(between(bytes, 0), origin)).toThrow(error.message)
    return false
  }
  const batch = read(between(bytes, 0), origin)
  expect(everything(batch)).toBe(first)
  expect(judgement(signal, batch.encode())).toBe(judgement(signal, bytes))
  return true
}

describe('bytes that are not what they should be', () => {
  test.each(['traces', 'logs'] as const)('%s cut off, changed or lengthened anywhere do no harm', signal => {
    const type = requestType(signal)
    let accepted = 0
    const change = fc.record({ at: fc.double({ min: 0, max: 0.9999, noNaN: true }), byte: fc.nat(255) })
    fc.assert(
      fc.property(anyRequest(signal), fc.array(change, { maxLength: 3 }), fc.nat(3), (request, changes, cut) => {
        const bytes = encoded(type, request)
        for (const { at, byte } of changes) bytes[Math.floor(at * bytes.length)] = byte
        if (survives(signal, bytes.slice(0, bytes.length - cut))) accepted++
      }),
      { numRuns: 600, seed: 20260101 },
    )
    expect(accepted).toBeGreaterThan(50)
  })

  test('a request of a real service cut off at any byte is refused or whole up to there', () => {
    for (let length = 0; length < 3000; length += 7)
      expect(survives('traces', real.slice(0, length))).toBe(length === 0)
  })

  test('noise is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        survives('traces', new Uint8Array(bytes))
        survives('logs', new Uint8Array(bytes))
      }),
      { numRuns: 1000, seed: 20260102 },
    )
  })
})

/** A span with these bytes in it. */
const spanOf = (...bytes: number[]): Uint8Array =>
  Uint8Array.of(10, bytes.length + 4, 18, bytes.length + 2, 18, bytes.length, ...bytes)

describe('what is refused, and where', () => {
  test.each<[string, number[], string]>([
    ['a group', [11, 12], 'a group, which OTLP has not at byte 6'],
    ['the end of a group', [12], 'a group, which OTLP has not at byte 6'],
    ['field number 0', [2, 0], 'field number 0 at byte 6'],
    ['a wire type that does not exist', [0x7e, 0], 'wire type 6, which does not exist at byte 6'],
    ['a tag that goes on', [0x80], 'the message ends inside a varint at byte 6'],
    ['a tag of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 1], 'a tag or length of more than 32 bits at byte 6'],
    ['a length beyond the message', [42, 9, 0x61], 'a length of 9 where 1 bytes are left at byte 7'],
    [
      'a length of 4 GiB',
      [42, 0xff, 0xff, 0xff, 0xff, 0x0f],
      'a length of 4294967295 where 0 bytes are left at byte 7',
    ],
    ['a known field of another type', [40, 1], 'field 5 with wire type 0 at byte 7'],
    ['a trace id of 15 bytes', [10, 15, ...new Array(15).fill(1)], 'an id of 15 bytes where it has 16 at byte 7'],
    ['a span id of 16 bytes', [18, 16, ...new Array(16).fill(1)], 'an id of 16 bytes where it has 8 at byte 7'],
    ['half a time', [57, 1, 2, 3], 'the message ends inside a value of 8 bytes at byte 7'],
    [
      'a number of eleven bytes',
      [48, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1],
      'a varint of more than 64 bits at byte 7',
    ],
    [
      'a number of more than 64 bits',
      [48, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
      'a varint of more than 64 bits at byte 7',
    ],
    [
      'text in an attribute beyond it',
      [74, 6, 10, 1, 97, 18, 9, 10],
      'a length of 9 where 1 bytes are left at byte 12',
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => readTraces(spanOf(...bytes), origin)).toThrow(message)
  })

  test('values nested more than 31 deep', () => {
    const nested = (depth: number): Uint8Array => {
      let value: object = { stringValue: 'deep' }
      for (let i = 0; i < depth; i++)
        value = i % 2 === 0 ? { arrayValue: { values: [value] } } : { kvlistValue: { values: [{ key: 'k', value }] } }
      return encoded(traces, { resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key: 'a', value }] }] }] }] })
    }
    expect(readTraces(nested(31), origin).itemCount).toBe(1)
    expect(() => readTraces(nested(32), origin)).toThrow('values nested deeper than 31')
  })
})

describe('legal and unusual', () => {
  test('unknown fields are kept where they are, of every wire type', () => {
    const unknown = [0xa0, 6, 5, 0xa1, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xa2, 6, 1, 9, 0xa5, 6, 1, 2, 3, 4]
    const bytes = spanOf(...unknown, 42, 1, 97, ...unknown)
    const batch = readTraces(bytes, origin)
    expect(batch.slices[0]).toBe(bytes)
    expect(Array.from(batch.spans(), span => span.name)).toEqual(['a'])
    const edited = batch.edit({ item: (_, change) => change.setName('b') })
    expect(Array.from(edited.encode())).toEqual(Array.from(spanOf(...unknown, 42, 1, 98, ...unknown)))
  })

  test('an attribute whose value is of a type of the future reads as null and stays as it is', () => {
    const bytes = spanOf(74, 9, 10, 1, 97, 18, 4, 0xf2, 0x07, 1, 1)
    for (const span of readTraces(bytes, origin).spans()) expect(span.attribute('a')).toBe(null)
  })

  test('a singular field that comes twice: the last counts, messages are merged', () => {
    const status = [122, 2, 24, 2, 122, 3, 18, 1, 97]
    const batch = readTraces(spanOf(42, 1, 97, ...status, 42, 1, 98), origin)
    const [span] = Array.from(batch.spans(), s => [s.name, s.statusCode, s.statusMessage])
    expect(span).toEqual(['b', 2, 'a'])
    const twice = batch.edit({ item: (_, change) => change.setName('') })
    expect(Array.from(twice.spans(), s => s.name)).toEqual([''])
  })

  test('a resource and a scope that come in two pieces, behind their items, are whole and in front', () => {
    const key = (text: string): number[] => [10, 3, 10, 1, text.charCodeAt(0)]
    const group = [18, 6, 18, 0, 10, 2, 10, 0, 10, 5, ...key('a'), 10, 5, ...key('b')]
    const batch = readTraces(Uint8Array.of(10, group.length, ...group), origin)
    const keys: string[] = []
    for (const span of batch.spans()) span.resource.eachAttribute(name => keys.push(name))
    expect(keys).toEqual(['a', 'b'])
  })

  test('an attribute is found by the first of two with the same key, and an edit leaves one', () => {
    const bytes = encoded(traces, {
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  attributes: ['1', '2', '3'].map(text => ({ key: 'k', value: { stringValue: text } })),
                },
              ],
            },
          ],
        },
      ],
    })
    const batch = readTraces(bytes, origin)
    expect(Array.from(batch.spans(), span => span.attribute(attributeKey('k')))).toEqual(['1'])
    const set = batch.edit({ item: (_, change) => change.set('k', 'new') })
    const all: unknown[] = []
    for (const span of set.spans()) span.eachAttribute((_, value) => all.push(value))
    expect(all).toEqual(['new'])
    const deleted = batch.edit({ item: (_, change) => change.delete('k') })
    expect(Array.from(deleted.spans(), span => span.hasAttribute('k'))).toEqual([false])
  })

  test('text that is no UTF-8 passes as it came and reads with replacement characters', () => {
    const bytes = spanOf(42, 2, 0xc3, 0x28)
    const batch = readTraces(bytes, origin)
    expect(batch.encode()).toBe(bytes)
    expect(Array.from(batch.spans(), span => span.name)).toEqual(['\ufffd('])
  })
})
