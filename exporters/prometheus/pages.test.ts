import { expect, test } from 'vitest'
import type { Clock } from '../../src/component/clock.ts'
import type { Negotiated } from '../../src/prometheus/exposition.ts'
import { FLAG } from '../../src/telemetry/metrics/batch.ts'
import { gauge } from '../../src/telemetry/metrics/descriptor.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import { FakeClock } from '../../test/support/clock.ts'
import { batchOf, type TestPoint } from '../../test/support/prometheus_exporter.ts'
import { RecordedDrops, RecordedLog } from '../../test/support/settings.ts'
import { Exposer } from './exposer.ts'
import { Naming } from './naming.ts'
import { Pages } from './pages.ts'
import { NameFilter } from './patterns.ts'

const TEXT: Negotiated = { format: 'text', escaping: 'allow-utf-8', contentType: '' }
const load = gauge('node_load1', '')
const point = (i: number, more: Partial<TestPoint> = {}): TestPoint => ({
  metric: load,
  labels: { i: String(i).padStart(5, '0') },
  ...more,
})

/** Rendering gives way after every slice, so much does time pass at each look. */
function movingClock(): Clock {
  let now = 0
  const monotonicMs = () => {
    now += 5
    return now
  }
  return { nowMs: monotonicMs, monotonicMs, after: () => () => {} }
}

function world(clock: Clock = new FakeClock()) {
  const table = new SeriesTable()
  const naming = new Naming({
    strategy: 'NoTranslation',
    namespace: '',
    constLabels: {},
    resourceLabels: undefined,
    scopeLabels: true,
    identity: true,
  })
  const options = { table, naming, filter: new NameFilter([], []), drops: new RecordedDrops(), log: new RecordedLog() }
  const exposer = new Exposer({ ...options, clock, expirationMs: 300_000 })
  const pages = new Pages(exposer, clock, { sendTimestamps: false, createdLines: false })
  const push = (...points: TestPoint[]) => exposer.consume(batchOf(table, points))
  const lines = async (page: Promise<{ body: Buffer }>) => (await page).body.toString().trimEnd().split('\n').slice(1)
  return { exposer, pages, push, lines }
}

test('one rendering serves everyone until something changes', async () => {
  const { pages, push } = world()
  push(point(1))
  const page = pages.whole(TEXT)
  expect(pages.whole({ ...TEXT, escaping: 'underscores' })).toBe(page)
  push(point(1, { value: 2 }))
  expect(pages.whole(TEXT)).not.toBe(page)
})

test('a series that ends and begins again while a page is rendered is on it once at most', async () => {
  const { pages, push, lines } = world(movingClock())
  push(...Array.from({ length: 3000 }, (_, i) => point(i)))
  const page = pages.whole(TEXT)
  push(point(0, { flags: FLAG.STALE }), point(2500, { flags: FLAG.STALE }))
  push(point(0, { value: 7 }))
  const shown = await lines(page)
  expect(shown).toHaveLength(2999)
  expect(new Set(shown.map(line => line.split(' ')[0])).size).toBe(2999)
  expect(await lines(pages.whole(TEXT))).toHaveLength(2999)
})

test('texts of series that are gone do not pile up', async () => {
  const { exposer, pages, push, lines } = world()
  const long = 'x'.repeat(2000)
  for (let round = 0; round < 20; round++) {
    const points = Array.from({ length: 300 }, (_, i) => ({
      metric: load,
      labels: { long, i: `${round}-${1000 + i}` },
    }))
    push(...points)
    expect(await lines(pages.whole(TEXT))).toEqual(
      points.map(({ labels: { i } }) => `node_load1{i="${i}",long="${long}"} 1`),
    )
    push(...points.map(one => ({ ...one, flags: FLAG.STALE })))
  }
  expect(exposer.view('allow-utf-8').texts.sizeBytes).toBeLessThan(4 << 20)
})

test('texts that are moved together leave a page right that is being rendered', async () => {
  const { pages, push, lines } = world(movingClock())
  const long = 'x'.repeat(1000)
  const wide = (i: number, more: Partial<TestPoint> = {}) => ({
    ...point(i, more),
    labels: { ...point(i).labels, long },
  })
  push(...Array.from({ length: 6000 }, (_, i) => wide(i)))
  await pages.whole(TEXT)
  push(wide(0, { value: 2 }))
  const page = pages.whole(TEXT)
  push(...Array.from({ length: 4000 }, (_, i) => wide(i, { flags: FLAG.STALE })))
  const other = pages.whole({ ...TEXT, format: 'openmetrics' })
  const shown = await lines(page)
  expect(shown.filter(line => !/^node_load1\{i="\d{5}",long="x{1000}"\} [12]$/.test(line))).toEqual([])
  expect(await lines(other)).toHaveLength(2001)
})
