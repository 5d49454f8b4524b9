import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeAttributes } from '../attributes.ts'
import { NO_RESOURCE, NO_SCOPE, resourceOf } from '../resource.ts'
import { counter, gauge } from './descriptor.ts'
import { NO_SERIES, SeriesTable } from './series_table.ts'

const requests = counter('requests_total', 'Requests.')
const seed = Uint32Array.of(1, 2, 3, 4)
const labelled = (table: SeriesTable, value: string) =>
  table.keys.key(NO_RESOURCE, NO_SCOPE, requests, encodeAttributes([['path', value]]))

describe('SeriesTable', () => {
  test('gives one identity to the same labels in another order, and another to other labels', () => {
    const table = new SeriesTable({ seed })
    const key = (...pairs: [string, string][]) =>
      table.keys.key(NO_RESOURCE, NO_SCOPE, requests, encodeAttributes(pairs)).hash
    expect(key(['a', '1'], ['b', '2'])).toEqual(key(['b', '2'], ['a', '1']))
    expect(key(['a', '1'], ['b', '2'])).not.toEqual(key(['a', '2'], ['b', '1']))
    expect(key(['a', '12'])).not.toEqual(key(['a1', '2']))
  })

  test('tells series apart by resource, scope, name, kind and unit, not by description', () => {
    const table = new SeriesTable({ seed })
    const none = encodeAttributes([])
    const hashes = [
      table.keys.key(NO_RESOURCE, NO_SCOPE, requests, none),
      table.keys.key(resourceOf({ 'service.name': 'a' }), NO_SCOPE, requests, none),
      table.keys.key(NO_RESOURCE, { ...NO_SCOPE, name: 'lib' }, requests, none),
      table.keys.key(NO_RESOURCE, NO_SCOPE, gauge('requests_total', ''), none),
      table.keys.key(NO_RESOURCE, NO_SCOPE, { ...requests, unit: 's' }, none),
    ].map(key => key.hash.join())
    expect(new Set(hashes).size).toBe(hashes.length)
    const renamed = table.keys.key(NO_RESOURCE, NO_SCOPE, counter('requests_total', 'Other words.'), none)
    expect(renamed.hash.join()).toBe(hashes[0])
  })

  test('finds every series that it interned, with its labels, and none that it did not', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 3000 }), values => {
        const table = new SeriesTable({ seed })
        const ids = values.map(value => table.intern(labelled(table, value)))
        expect(table.size).toBe(values.length)
        values.forEach((value, i) => {
          const key = labelled(table, value)
          expect(table.find(key.hash)).toBe(ids[i])
          expect(table.attributes(ids[i])).toEqual(key.attributes)
        })
        expect(table.find(labelled(table, `${values.join()}-`).hash)).toBe(NO_SERIES)
      }),
      { numRuns: 30 },
    )
  })

  test('looking a series up interns nothing', () => {
    const table = new SeriesTable()
    expect(table.find(labelled(table, 'x').hash)).toBe(NO_SERIES)
    expect(table.size).toBe(0)
  })

  test('refuses new series when it is full, and still finds the others', () => {
    const table = new SeriesTable({ maxSeries: 2 })
    const first = table.intern(labelled(table, 'a'))
    table.intern(labelled(table, 'b'))
    expect(table.intern(labelled(table, 'c'))).toBe(NO_SERIES)
    expect(table.intern(labelled(table, 'a'))).toBe(first)
  })

  test('frees a series that nobody holds once it was idle, and never one that is held or used', () => {
    let now = 0
    const table = new SeriesTable({ nowMs: () => now })
    const [held, idle, used] = ['held', 'idle', 'used'].map(value => table.intern(labelled(table, value)))
    table.release(idle)
    table.release(used)
    now = 300_000
    table.find(labelled(table, 'used').hash)
    now = 301_000
    expect(table.sweep(300_000)).toBe(1)
    expect([held, idle, used].map(id => table.valid(id))).toEqual([true, false, true])
    expect(() => table.attributes(idle)).toThrow(/freed/)
  })

  test('a handle of a freed series does not mean the series that took its place', () => {
    let now = 0
    const table = new SeriesTable({ nowMs: () => now })
    const old = table.intern(labelled(table, 'old'))
    table.release(old)
    now = 400_000
    table.sweep(300_000)
    const fresh = table.intern(labelled(table, 'fresh'))
    expect(fresh).not.toBe(old)
    expect(table.valid(old)).toBe(false)
    expect(table.attributes(fresh)).toEqual(labelled(table, 'fresh').attributes)
  })

  test('any order of intern, release and sweep leaves exactly the held series findable', () => {
    const step = fc.tuple(fc.constantFrom('intern', 'release', 'sweep'), fc.integer({ min: 0, max: 40 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        let now = 0
        const table = new SeriesTable({ nowMs: () => now, maxSeries: 30 })
        const held = new Map<string, { id: number; holders: number }>()
        for (const [what, n] of steps) {
          now += 60_000
          const value = `v${n}`
          const known = held.get(value)
          if (what === 'intern') {
            const id = table.intern(labelled(table, value))
            if (id !== NO_SERIES) held.set(value, { id, holders: (known?.holders ?? 0) + 1 })
          } else if (what === 'sweep') table.sweep(0)
          else if (known) {
            table.release(known.id)
            if (--known.holders === 0) held.delete(value)
          }
        }
        now += 1000
        table.sweep(0)
        expect(table.size).toBe(held.size)
        for (const [value, { id }] of held) expect(table.find(labelled(table, value).hash)).toBe(id)
      }),
    )
  })

  test('gives label bytes of freed series back', () => {
    let now = 0
    const table = new SeriesTable({ nowMs: () => now })
    const long = 'x'.repeat(2_000)
    for (let round = 0; round < 20; round++) {
      const ids = Array.from({ length: 500 }, (_, i) => table.intern(labelled(table, `${long}${round}-${i}`)))
      for (const id of ids) table.release(id)
      now += 400_000
      table.sweep(300_000)
      table.sweep(300_000)
    }
    expect(table.size).toBe(0)
    expect(table.sizeBytes).toBeLessThan(6_000_000)
  })
})
