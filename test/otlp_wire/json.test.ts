import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { int64Text, readInt64, uint64Text } from '../../src/otlp/int64_text.ts'
import { jsonToWire } from '../../src/otlp/json_read.ts'
import { wireToJson } from '../../src/otlp/json_write.ts'
import { WireError } from '../../src/otlp/reader.ts'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
import { anyRequest, encoded, judged, type Plain, requestType, type Signal } from './schema.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What the judge reads, as OTLP/JSON has it: ids in hexadecimal, other bytes in base64, numbers that JSON has not as texts. */
function otlpJson(value: unknown, key = ''): unknown {
  if (key === 'bytesValue') return Buffer.from(value as string, 'hex').toString('base64')
  if (Array.isArray(value)) return value.map(item => otlpJson(item))
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, otlpJson(item, name)]))
}
const stringify = (value: unknown): string => JSON.stringify(value, (_, item) => (Object.is(item, -0) ? '-0' : item))

describe.each<Signal>(['traces', 'logs', 'metrics'])('OTLP/JSON of %s', signal => {
  const type = requestType(signal)

  test('says the same in protobuf, to the judge', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRequest(signal),
        fc.constantFrom(0, 2),
        fc.constantFrom(1, 1 << 20),
        async (request, indent, slice) => {
          const bytes = encoded(type, request)
          const json = JSON.stringify(otlpJson(judged(type, bytes)), (_, v) => (Object.is(v, -0) ? '-0' : v), indent)
          const wire = await jsonToWire(signal, bytesOf(json), { sliceBytes: slice, pause: async () => {} })
          expect(stringify(judged(type, wire))).toBe(stringify(judged(type, bytes)))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('is what the judge reads from protobuf', () => {
    fc.assert(
      fc.property(anyRequest(signal), request => {
        const bytes = encoded(type, request)
        const json = new TextDecoder('utf-8', { fatal: true }).decode(wireToJson(signal, bytes))
        expect(withoutDefaults(JSON.parse(json))).toEqual(withoutDefaults(otlpJson(judged(type, bytes))))
      }),
      { numRuns: 200 },
    )
  })

  test('written and read again is the same', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest(signal), async request => {
        const bytes = encoded(type, request)
        const wire = await jsonToWire(signal, wireToJson(signal, bytes))
        expect(stringify(judged(type, wire))).toBe(stringify(judged(type, bytes)))
      }),
    )
  })
})

/** Lists that are empty and numbers that are 0 say what absent ones do. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults)
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([, item]) =>
          !(Array.isArray(item) && item.length === 0) && item !== 0 && item !== '0' && item !== false && item !== '',
      )
      .map(([key, item]) => [key, withoutDefaults(item)]),
  )
}

const spanJson = (fields: string): Uint8Array => bytesOf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`)
const spanOf = async (fields: string): Promise<Plain> => {
  const request = judged(requestType('traces'), await jsonToWire('traces', spanJson(fields)))
  return request.resourceSpans[0].scopeSpans[0].spans[0]
}

describe('OTLP/JSON that people write', () => {
  test.each<[string, string, Plain]>([
    [
      '64-bit numbers as numbers',
      '"startTimeUnixNano": 1544712660000000000',
      { startTimeUnixNano: '1544712660000000000' },
    ],
    [
      '64-bit numbers as texts',
      '"startTimeUnixNano": "18446744073709551615"',
      { startTimeUnixNano: '18446744073709551615' },
    ],
    ['numbers with an exponent', '"droppedEventsCount": 1.2e1', { droppedEventsCount: 12 }],
    [
      'names of enum values',
      '"kind": "SPAN_KIND_SERVER", "status": {"code": "STATUS_CODE_ERROR"}',
      { kind: 2, status: { code: 2 } },
    ],
    [
      'ids in capitals',
      '"traceId": "0AF7651916CD43DD8448EB211C80319C"',
      { traceId: '0af7651916cd43dd8448eb211c80319c' },
    ],
    ['null for what is not there', '"name": null, "attributes": null, "status": null, "kind": 1', { kind: 1 }],
    ['keys of the future', '"future": {"a": [1, {"b": "]}"}, null], "c": -1.5e3}, "name": "n"', { name: 'n' }],
    ['names of fields as protobuf has them, which are ignored', '"trace_state": "a", "name": "n"', { name: 'n' }],
    ['escapes', '"name": "\\u00e4\\ud83d\\ude00\\n\\"\\\\\\/\\ud800"', { name: 'ä😀\n"\\/\ufffd' }],
    ['escapes in keys', '"n\\u0061me": "n"', { name: 'n' }],
    ['white space', ' \t\r\n "name" : "n" \n', { name: 'n' }],
  ])('%s', async (_, fields, expected) => {
    expect(await spanOf(fields)).toEqual(expected)
  })

  test('a value before its key is in regular form once it was checked', async () => {
    const wire = await jsonToWire('traces', spanJson('"attributes":[{"value":{"stringValue":"v"},"key":"k"}]'))
    const batch = readTraces(wire, { receiver: 'otlp' })
    expect(Array.from(batch.spans(), span => span.attribute('k'))).toEqual(['v'])
  })

  test('a body of a log record of any type', async () => {
    const json =
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":"AP8="},"severityNumber":"SEVERITY_NUMBER_WARN2"}]}]}]}'
    const batch = readLogs(await jsonToWire('logs', bytesOf(json)), { receiver: 'otlp' })
    expect(Array.from(batch.logRecords(), record => [record.body, record.severityNumber])).toEqual([
      [Uint8Array.of(0, 255), 14],
    ])
  })
})

describe('OTLP/JSON that is refused', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'expected { at byte 0'],
    ['a list', '[]', 'expected { at byte 0'],
    ['an end too soon', '{"resourceSpans":[', 'expected a value at byte 18'],
    ['a text that does not end', '{"a', 'a text that does not end at byte 1'],
    ['two values', '{} {}', 'something behind the end at byte 3'],
    ['no comma', '{"a":1 "b":2}', 'expected , at byte 7'],
    ['a comma too many', '{"a":1,}', 'expected a key at byte 7'],
    ['no number', '{"a":01}', '01 is no number at byte 5'],
    ['a word', '{"a":nope}', 'nope is no number at byte 5'],
    ['an object where a list is', '{"resourceSpans":{}}', 'resourceSpans is no object at byte 17'],
    ['a list where an object is', '{"resourceSpans":[{"resource":[]}]}', 'resource is no list at byte 30'],
    ['a list in a list', '{"resourceSpans":[[]]}', 'resourceSpans is no list at byte 18'],
    ['a text where a list is', '{"resourceSpans":"x"}', 'resourceSpans is a list at byte 18'],
    ['an escape that does not exist', '{"a\\x":1}', '\\x at byte 2'],
  ])('%s', async (_, json, message) => {
    await expect(jsonToWire('traces', bytesOf(json))).rejects.toThrow(message)
  })

  test.each<[string, string]>([
    ['"name": 1', 'name is of type string'],
    ['"traceId": "xyz0"', 'traceId is of type id'],
    ['"traceId": "abc"', 'traceId is of type id'],
    ['"startTimeUnixNano": -1', 'startTimeUnixNano is beyond fixed64'],
    ['"startTimeUnixNano": "18446744073709551616"', 'startTimeUnixNano is of type fixed64'],
    ['"startTimeUnixNano": 1.5', 'startTimeUnixNano is of type fixed64'],
    ['"droppedEventsCount": 4294967296', 'droppedEventsCount is beyond uint32'],
    ['"kind": "SERVER"', 'SERVER is no number'],
    ['"attributes":[{"value":{"boolValue":1}}]', 'boolValue is of type bool'],
    ['"attributes":[{"value":{"intValue":"9223372036854775808"}}]', 'intValue is beyond int64'],
    ['"attributes":[{"value":{"doubleValue":"one"}}]', 'one is no number'],
    ['"attributes":[{"value":{"doubleValue":1e999}}]', 'doubleValue is of type double'],
  ])('%s', async (fields, message) => {
    await expect(jsonToWire('traces', spanJson(fields))).rejects.toThrow(message)
  })

  test('objects without end', async () => {
    await expect(jsonToWire('traces', bytesOf('{"a":'.repeat(1000)))).rejects.toThrow('nested deeper than 128')
    await expect(jsonToWire('traces', bytesOf(`{"a":${'['.repeat(1000)}`))).rejects.toThrow('nested deeper than 128')
  })

  test('cut off or changed anywhere it is refused or read', async () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 0.9999, noNaN: true }), byte: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(
        anyRequest('logs'),
        fc.array(change, { maxLength: 3 }),
        fc.nat(3),
        async (request, changes, cut) => {
          const json = wireToJson('logs', encoded(requestType('logs'), request))
          for (const { at, byte } of changes) json[Math.floor(at * json.length)] = byte
          try {
            readLogs(await jsonToWire('logs', json.slice(0, json.length - cut)), { receiver: 'otlp' })
          } catch (error) {
            if (!(error instanceof WireError)) throw error
          }
        },
      ),
      { numRuns: 500, seed: 20260104 },
    )
  })
})

test('a large body is converted in slices, with a turn for others after each', async () => {
  const span = '{"name":"a span","attributes":[{"key":"k","value":{"stringValue":"v"}}]}'
  const json = bytesOf(`{"resourceSpans":[{"scopeSpans":[{"spans":[${Array(20_000).fill(span).join(',')}]}]}]}`)
  let turns = 0
  const pause = async (): Promise<void> => {
    turns++
  }
  const wire = await jsonToWire('traces', json, { sliceBytes: 100_000, pause })
  expect(readTraces(wire, { receiver: 'otlp' }).itemCount).toBe(20_000)
  expect(turns).toBe(Math.floor(json.length / 100_000))
  const stopped = new AbortController()
  const aborting = jsonToWire('traces', json, {
    sliceBytes: 100_000,
    pause: async () => stopped.abort(),
    signal: stopped.signal,
  })
  await expect(aborting).rejects.toThrow('aborted')
})

test('64-bit numbers are written and read as bigint does', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), value => {
      const bits = BigInt.asUintN(64, value)
      const [lo, hi] = [Number(bits & 0xffffffffn), Number(bits >> 32n)]
      expect(uint64Text(lo, hi)).toBe(String(bits))
      expect(int64Text(lo, hi)).toBe(String(BigInt.asIntN(64, bits)))
      const out = { lo: 0, hi: 0 }
      const text = bytesOf(` ${'0'.repeat(lo % 5)}${String(value)}`.replace(/ (0*)-/, ' -$1'))
      expect(readInt64(text, 1, text.length, out)).toBe(true)
      expect(out).toEqual({ lo, hi })
    }),
    { numRuns: 1000 },
  )
  const out = { lo: 0, hi: 0 }
  for (const text of ['', '-', '1x', '18446744073709551616', '-9223372036854775809', '1'.repeat(21), '1.0'])
    expect(readInt64(bytesOf(text), 0, text.length, out)).toBe(false)
})
