import { expect, test } from 'vitest'
import { everyKind, manySeries } from '../../test/support/generate.ts'
import type { MetricBatch } from '../telemetry/metrics/batch.ts'
import { SeriesTable } from '../telemetry/metrics/series_table.ts'
import { concatMetrics, shardMetrics, splitMetrics } from './metric_shape.ts'

/** Everything that a batch says of its points, with the bits of its values. */
const told = (batches: readonly (MetricBatch | undefined)[]): unknown[] =>
  batches.flatMap(batch =>
    batch
      ? Array.from(batch, point => [
          point.key.hash.join(),
          point.descriptor.name,
          point.flags,
          point.distribution ?? [point.valueLo, point.valueHi],
          [point.timeLo, point.timeHi, point.startLo, point.startHi],
          point.exemplars,
        ])
      : [],
  )

/** Points of every kind; with `intern`, of series that are in the table. */
function batchOf(intern: boolean): MetricBatch {
  const table = new SeriesTable()
  const batch = everyKind(table)
  if (!intern) return batch
  for (let i = 0; i < batch.itemCount; i += 2) table.intern(batch.key(i))
  return everyKind(table)
}

test.each([true, false])('cut into points and joined again, a batch says the same (interned: %s)', intern => {
  const batch = batchOf(intern)
  const parts = splitMetrics(batch, 1, Number.POSITIVE_INFINITY)
  expect(parts).toHaveLength(batch.itemCount)
  expect(told(parts)).toEqual(told([batch]))
  expect(told([concatMetrics(parts, batch.origin)])).toEqual(told([batch]))
})

test('a batch joined with itself says everything twice and has each of its series once', () => {
  const batch = batchOf(false)
  const twice = concatMetrics([batch, batch], batch.origin)
  expect(told([twice])).toEqual([...told([batch]), ...told([batch])])
  expect(twice.points.transient).toHaveLength(batch.points.transient.length)
})

test('parts have at most so many points and about so many bytes', () => {
  const batch = manySeries(new SeriesTable(), 100, i => i)
  expect(splitMetrics(batch, 30, Number.POSITIVE_INFINITY).map(part => part.itemCount)).toEqual([30, 30, 30, 10])
  for (const part of splitMetrics(batch, 1000, batch.sizeBytes / 4)) {
    expect(part.itemCount).toBeGreaterThan(10)
    expect(part.sizeBytes).toBeLessThanOrEqual(batch.sizeBytes / 4 + 10)
  }
})

test('a batch in shards says the same in another order', () => {
  const batch = batchOf(true)
  const sorted = (list: unknown[]) => list.map(item => JSON.stringify(item, big)).sort()
  expect(sorted(told(shardMetrics(batch, 3)))).toEqual(sorted(told([batch])))
})

const big = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
