import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeAttributes } from '../attributes.ts'
import { NO_RESOURCE, NO_SCOPE } from '../resource.ts'
import { FLAG, int64ToNumber, msToNanos, nanosToMs } from './batch.ts'
import { BatchBuilder } from './batch_builder.ts'
import { counter, gauge } from './descriptor.ts'
import { Emitter, family } from './emitter.ts'
import { SeriesTable } from './series_table.ts'

const key = (table: SeriesTable, value: string) =>
  table.keys.key(NO_RESOURCE, NO_SCOPE, gauge('g', ''), encodeAttributes([['l', value]]))

describe('times', () => {
  test('milliseconds become nanoseconds and come back, to the year 2554', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 18_446_744_073_709 }), ms => {
        const out = new Uint32Array(2)
        msToNanos(ms, out, 0)
        expect((BigInt(out[1]) << 32n) | BigInt(out[0])).toBe(BigInt(ms) * 1_000_000n)
        expect(nanosToMs(out[0], out[1])).toBe(ms)
      }),
    )
  })
  test('nanoseconds are rounded down to milliseconds', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), nanos => {
        expect(nanosToMs(Number(nanos & 0xffffffffn), Number(nanos >> 32n))).toBe(Number(nanos / 1_000_000n))
      }),
    )
  })
  test('an int64 in halves is the nearest double', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }), value => {
        const bits = BigInt.asUintN(64, value)
        expect(int64ToNumber(Number(bits & 0xffffffffn), Number(bits >> 32n))).toBe(Number(value))
      }),
    )
  })
})

describe('MetricBatch', () => {
  test('reads back every point as it was added, whatever the number of points', () => {
    const table = new SeriesTable()
    const interned = table.intern(key(table, 'interned'))
    const builder = new BatchBuilder(table)
    for (let i = 0; i < 1000; i++) {
      builder.at(i, i / 2)
      if (i % 3 === 0) builder.int(builder.ref(key(table, `v${i}`)), i, 0x80000000)
      else builder.number(interned, i / 7, i % 5 === 0 ? FLAG.FRESH : 0)
    }
    const batch = builder.finish({ receiver: 'r' })
    expect(batch.itemCount).toBe(1000)
    let i = 0
    for (const point of batch) {
      expect(point.timeMs).toBe(i)
      if (i % 3 === 0) {
        expect([point.valueLo, point.valueHi, point.isInt]).toEqual([i, 0x80000000, true])
        expect(point.key.attributes).toEqual(key(table, `v${i}`).attributes)
      } else expect([point.value, point.flags]).toEqual([i / 7, i % 5 === 0 ? FLAG.FRESH : 0])
      i++
    }
    expect(i).toBe(1000)
  })

  test('a batch does not change when its builder goes on', () => {
    const table = new SeriesTable()
    const builder = new BatchBuilder(table)
    builder.number(builder.ref(key(table, 'a')), 1)
    const first = builder.finish({ receiver: 'r' })
    builder.number(builder.ref(key(table, 'b')), 2)
    builder.finish({ receiver: 'r' })
    expect(Array.from(first, point => point.value)).toEqual([1])
    expect(first.key(0).attributes).toEqual(key(table, 'a').attributes)
  })
})

describe('Emitter', () => {
  const f = family(counter('hits_total', 'Hits.'), 'host', 'port')

  test('gives every sample the labels of its family, less the empty ones', () => {
    const table = new SeriesTable()
    const emitter = new Emitter(table)
    emitter.begin(0)
    emitter.emit(f, 1, 'a', '')
    const batch = emitter.finish({ receiver: 'r' })
    expect(batch.key(0).attributes).toEqual(encodeAttributes([['host', 'a']]))
  })

  test('holds series that keep coming and gives back those that were absent from three collections', () => {
    let now = 0
    const table = new SeriesTable({ nowMs: () => now })
    const emitter = new Emitter(table)
    const collect = (...hosts: string[]) => {
      now += 400_000
      emitter.begin(now)
      for (const host of hosts) emitter.emit(f, 1, host, '80')
      emitter.finish({ receiver: 'r' })
      table.sweep(300_000)
      return table.size
    }
    expect(collect('a', 'b')).toBe(2)
    expect([collect('a'), collect('a'), collect('a')]).toEqual([2, 2, 1])
    expect(collect('a', 'b')).toBe(2)
    emitter.close()
    now += 400_000
    table.sweep(300_000)
    expect(table.size).toBe(0)
  })

  test('goes on past the bound of the table, with the same samples', () => {
    const table = new SeriesTable({ maxSeries: 1 })
    const emitter = new Emitter(table)
    const values = () => {
      emitter.begin(1)
      for (let i = 0; i < 5; i++) emitter.emit(f, i, `h${i}`, '80')
      return Array.from(emitter.finish({ receiver: 'r' }), point => [point.value, point.key.attributes.length])
    }
    expect(values()).toEqual(values())
    expect(values().map(([value]) => value)).toEqual([0, 1, 2, 3, 4])
  })
})
