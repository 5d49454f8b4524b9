import { expect, test } from 'vitest'
import { gauge } from './descriptor.ts'
import { Emitter, family } from './emitter.ts'
import { SeriesTable } from './series_table.ts'

const load = family(gauge('load', 'Load.'), 'cpu', 'mode')
const origin = { receiver: 'test' }
const values = (emitter: Emitter) => [...emitter.finish(origin)].map(point => point.value)

/** One collection that writes nothing. */
function pause(emitter: Emitter): void {
  emitter.begin(0)
  emitter.finish(origin)
}

test('a kept series and its label values are the same series', () => {
  const table = new SeriesTable()
  const emitter = new Emitter(table)
  emitter.begin(0)
  const kept = emitter.series(load, '0', 'user')
  emitter.put(kept, 1)
  emitter.emit(load, 2, '0', 'user')
  const batch = emitter.finish(origin)
  expect([batch.seriesId(0), table.size]).toEqual([batch.seriesId(1), 1])
  expect(emitter.series(load, '0', 'user')).toBe(kept)
})

test('a series that misses three collections is given back, and one that was kept can be used again', () => {
  const table = new SeriesTable()
  const emitter = new Emitter(table)
  emitter.begin(0)
  const kept = emitter.series(load, '0', 'user')
  emitter.put(kept, 1)
  emitter.finish(origin)
  for (let i = 0; i < 3; i++) pause(emitter)
  table.sweep(-1_000_000)
  expect(table.size).toBe(0)
  emitter.begin(0)
  emitter.put(kept, 2)
  expect([values(emitter), table.size]).toEqual([[2], 1])
  emitter.close()
  table.sweep(-1_000_000)
  expect(table.size).toBe(0)
})

test('a kept series whose place another one took meanwhile stands for that one', () => {
  const table = new SeriesTable()
  const emitter = new Emitter(table)
  emitter.begin(0)
  const kept = emitter.series(load, '0', 'user')
  for (let i = 0; i < 4; i++) pause(emitter)
  emitter.begin(0)
  emitter.emit(load, 1, '0', 'user')
  emitter.put(kept, 2)
  const batch = emitter.finish(origin)
  expect([batch.itemCount, batch.seriesId(0)]).toEqual([2, batch.seriesId(1)])
  emitter.close()
  table.sweep(-1_000_000)
  expect(table.size).toBe(0)
})

test('in a full table samples travel with their keys', () => {
  const emitter = new Emitter(new SeriesTable({ maxSeries: 1 }))
  emitter.begin(0)
  const [first, second] = ['0', '1'].map(cpu => emitter.series(load, cpu, 'user'))
  emitter.put(first, 1)
  emitter.put(second, 2)
  const batch = emitter.finish(origin)
  expect([batch.seriesId(0) >= 0, batch.seriesId(1), batch.key(1).descriptor]).toEqual([true, -1, load.descriptor])
})
