import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MetricsReader } from '../../src/otlp/metrics_read.ts'
import { writeMetrics } from '../../src/otlp/metrics_write.ts'
import { WireError } from '../../src/otlp/reader.ts'
import { encodeAttributes } from '../../src/telemetry/attributes.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import { everyKind } from '../support/generate.ts'
import { anyRequest, encoded, judged, type Plain, requestType, scrambled, seeded } from './schema.ts'

const origin = { receiver: 'otlp' }
const type = requestType('metrics')
const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

function text(value: unknown): string {
  return JSON.stringify(value, (_, item) => {
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item)
    return Object.is(item, -0) ? 0 : item
  })
}
const sorted = (value: Plain): Plain =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** Every point with what is around it, one text each: what a request says, however it is put together. */
function pointsOf(request: Plain): string[] {
  const list: string[] = []
  for (const group of request.resourceMetrics ?? [])
    for (const scope of group.scopeMetrics ?? [])
      for (const metric of scope.metrics ?? []) {
        const kind = KINDS.find(name => metric[name])
        if (!kind) continue
        const { [kind]: data, ...head } = metric
        const { dataPoints, ...rest } = data
        const { entityRefs: _, ...resource } = group.resource ?? {}
        const owner = [sorted(resource), group.schemaUrl, sorted(scope.scope ?? {}), scope.schemaUrl]
        for (const point of dataPoints ?? [])
          list.push(text([...owner, sorted(head), kind, sorted(rest), sorted(said(kind, point))]))
      }
  return list.toSorted()
}

/** What a point says: a value that is not there is 0, and a point without recorded value has none. */
function said(kind: string, point: Plain): Plain {
  const { flags, exemplars, ...rest } = point
  const ended = ((flags ?? 0) & 1) === 1
  const kept = ended ? only(rest, 'attributes', 'timeUnixNano', 'startTimeUnixNano') : rest
  if (!ended && (kind === 'gauge' || kind === 'sum') && kept.asInt === undefined) kept.asDouble ??= 0
  for (const sign of ['positive', 'negative']) {
    const { offset = 0, bucketCounts = [] } = kept[sign] ?? {}
    kept[sign] = { offset, bucketCounts }
  }
  for (const exemplar of exemplars ?? []) if (exemplar.asInt === undefined) exemplar.asDouble ??= 0
  const list = (exemplars ?? []).map(sorted)
  return { ...kept, ended, exemplars: list, quantileValues: (kept.quantileValues ?? []).map(sorted) }
}
const only = (value: Plain, ...keys: string[]): Plain =>
  Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)))

function internAll(batch: MetricBatch): void {
  for (let i = 0; i < batch.itemCount; i++) batch.table.intern(batch.key(i))
}

describe('OTLP metrics', () => {
  test('read into points and written again say the same to the judge, whether the series are known or not', () => {
    fc.assert(
      fc.property(anyRequest('metrics'), request => {
        const bytes = encoded(type, request)
        const expected = pointsOf(judged(type, bytes))
        const table = new SeriesTable()
        const reader = new MetricsReader(table)
        const unknown = reader.read(bytes, origin)
        expect(unknown.itemCount).toBe(expected.length)
        expect(pointsOf(judged(type, writeMetrics(unknown)))).toEqual(expected)
      }),
      { numRuns: 400 },
    )
  })

  test('points of known series are found by their hash alone', () => {
    fc.assert(
      fc.property(anyRequest('metrics'), request => {
        const bytes = encoded(type, request)
        const table = new SeriesTable()
        const reader = new MetricsReader(table)
        const first = reader.read(bytes, origin)
        internAll(first)
        const second = new MetricsReader(table).read(bytes, origin)
        for (let i = 0; i < second.itemCount; i++) {
          expect(second.seriesId(i)).toBeGreaterThanOrEqual(0)
          expect(second.key(i).hash).toEqual(first.key(i).hash)
          expect(second.key(i).attributes).toEqual(first.key(i).attributes)
        }
      }),
    )
  })

  test('mean the same in any legal encoding', () => {
    fc.assert(
      fc.property(anyRequest('metrics'), fc.nat(), (request, seed) => {
        const plain = encoded(type, request)
        const bytes = scrambled(type, request, seeded(seed))
        const read = (from: Uint8Array): string[] =>
          pointsOf(judged(type, writeMetrics(new MetricsReader(new SeriesTable()).read(from, origin))))
        expect(read(bytes)).toEqual(read(plain))
      }),
      { numRuns: 200 },
    )
  })

  test('series of the same attributes in another encoding are the same series', () => {
    const point = (...keyValue: number[]): Uint8Array => wrapped(keyValue)
    const table = new SeriesTable()
    const reader = new MetricsReader(table)
    const usual = reader.read(point(10, 1, 97, 18, 3, 10, 1, 98), origin)
    internAll(usual)
    for (const keyValue of [
      [18, 3, 10, 1, 98, 10, 1, 97],
      [10, 0x81, 0, 97, 18, 3, 10, 1, 98],
      [10, 1, 120, 10, 1, 97, 18, 3, 10, 1, 98],
      [10, 1, 97, 18, 5, 16, 1, 10, 1, 98],
    ])
      expect(reader.read(point(...keyValue), origin).seriesId(0)).toBe(usual.table.find(usual.key(0).hash))
  })

  test('label text that is no UTF-8 becomes valid, and the series is found again', () => {
    const table = new SeriesTable()
    const reader = new MetricsReader(table)
    const bytes = wrapped([10, 1, 97, 18, 3, 10, 1, 0xff])
    const batch = reader.read(bytes, origin)
    expect(batch.key(0).attributes).toEqual(encodeAttributes([['a', '\ufffd']]))
    internAll(batch)
    expect(reader.read(bytes, origin).seriesId(0)).toBeGreaterThanOrEqual(0)
  })

  test('what receivers make leaves with every kind, flag and exemplar', () => {
    const table = new SeriesTable()
    const batch = everyKind(table)
    const request = judged(type, writeMetrics(batch))
    const again = new MetricsReader(new SeriesTable()).read(writeMetrics(batch), origin)
    expect(again.itemCount).toBe(batch.itemCount)
    expect(pointsOf(judged(type, writeMetrics(again)))).toEqual(pointsOf(request))
    const types = request.resourceMetrics[0].scopeMetrics[0].metrics.map((metric: Plain) => metric.metadata?.[0]?.key)
    expect(types.filter(Boolean)).toEqual(['prometheus.type'])
  })

  test('cut off or changed anywhere they are refused or read, and a refused request leaves nothing behind', () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 0.9999, noNaN: true }), byte: fc.nat(255) })
    const reader = new MetricsReader(new SeriesTable())
    let accepted = 0
    fc.assert(
      fc.property(anyRequest('metrics'), fc.array(change, { maxLength: 3 }), fc.nat(3), (request, changes, cut) => {
        const whole = encoded(type, request)
        for (const { at, byte } of changes) whole[Math.floor(at * whole.length)] = byte
        const bytes = whole.slice(0, whole.length - cut)
        const larger = new Uint8Array(bytes.length + 64).fill(0xff)
        larger.set(bytes, 32)
        try {
          const batch = reader.read(larger.subarray(32, 32 + bytes.length), origin)
          const written = writeMetrics(batch)
          expect(new MetricsReader(new SeriesTable()).read(written, origin).itemCount).toBe(batch.itemCount)
          accepted++
        } catch (error) {
          if (!(error instanceof WireError)) throw error
        }
        expect(reader.read(new Uint8Array(0), origin).itemCount).toBe(0)
      }),
      { numRuns: 1000, seed: 20260103 },
    )
    expect(accepted).toBeGreaterThan(50)
  })
})

/** A request of one gauge point with these bytes as its attribute. */
function wrapped(keyValue: number[]): Uint8Array {
  let bytes = [58, keyValue.length, ...keyValue]
  for (const tag of [10, 42, 18, 18, 10]) bytes = [tag, bytes.length, ...bytes]
  return Uint8Array.from(bytes)
}
