import { describe, expect, onTestFinished, test } from 'vitest'
import { FLAG } from '../../src/telemetry/metrics/batch.ts'
import { counter, gauge, histogram } from '../../src/telemetry/metrics/descriptor.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import type { Collection } from '../../src/telemetry/origin.ts'
import { settle } from '../../test/support/clock.ts'
import { ACCEPT, batchOf, startExporter, type TestExporter } from '../../test/support/prometheus_exporter.ts'
import { config } from './config.ts'
import { REFUSALS } from './refusals.ts'

const load = gauge('node_load1', '1m load average.')
const seconds = counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.')
const latency = histogram('latency_seconds', 'Latency.')
const SECOND = 1000
const MINUTE = 60 * SECOND

async function exporter(settings: object = {}, table?: SeriesTable): Promise<TestExporter> {
  const one = await startExporter(settings, table)
  onTestFinished(() => one.stop())
  return one
}
const samples = async (one: TestExporter): Promise<string[]> => (await one.scrape()).samples

describe('a scrape', () => {
  test('shows families by name, series by label values, and what node_exporter shows of numbers', async () => {
    const one = await exporter()
    one.push(
      { metric: load, value: 0.25 },
      { metric: seconds, labels: { cpu: '10', mode: 'idle' }, value: 1234567.5 },
      { metric: seconds, labels: { cpu: '1', mode: 'user' }, value: 3 },
      { metric: seconds, labels: { mode: 'idle', cpu: '1' }, value: 2n ** 60n },
      { metric: seconds, labels: { cpu: '1 b', mode: 'idle' }, value: 1e6 },
      { metric: seconds, labels: { cpu: '1"', mode: 'idle' }, value: 0 },
    )
    const { status, contentType, text } = await one.scrape()
    expect([status, contentType]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'])
    expect(text).toBe(`# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="1",mode="idle"} 1.152921504606847e+18
node_cpu_seconds_total{cpu="1",mode="user"} 3
node_cpu_seconds_total{cpu="1 b",mode="idle"} 1e+06
node_cpu_seconds_total{cpu="1\\"",mode="idle"} 0
node_cpu_seconds_total{cpu="10",mode="idle"} 1.2345675e+06
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.25
`)
  })

  test('collects first, and asks for no more time than the scraper has', async () => {
    const one = await exporter({ max_age: '3s' })
    one.collections.answer = ({ signal, maxAgeMs }) =>
      new Promise(resolve => {
        expect(maxAgeMs).toBe(3000)
        one.collect({ metric: load, value: 1 })
        signal.addEventListener('abort', () => resolve([{ source: 'node', sequence: 1, error: 'late' }]))
      })
    const scrape = one.scrape('', { 'x-prometheus-scrape-timeout-seconds': '2' })
    while (one.clock.pending < 2) await settle()
    await one.clock.advance(1799)
    expect(one.log.lines).toEqual([])
    await one.clock.advance(1)
    expect((await scrape).samples).toEqual(['node_load1 1'])
    expect(one.log.lines).toEqual(['warn: node was not collected for a scrape: late'])
  })

  test('tells once of a source that fails, and once that it is well again', async () => {
    const one = await exporter()
    for (const error of ['broken', 'broken', undefined, undefined]) {
      one.collections.answer = () => [{ source: 'node', error }]
      await one.scrape()
    }
    expect(one.log.lines).toEqual([
      'warn: node was not collected for a scrape: broken',
      'info: node is collected again',
    ])
  })
})

describe('a collection', () => {
  test('replaces the series of its source at once, and no others', async () => {
    const one = await exporter()
    const other: Collection = { source: 'other', sequence: 7, partial: false, complete: true }
    one.take(batchOf(one.table, [{ metric: gauge('other', ''), value: 1 }], other))
    one.push({ metric: gauge('pushed', ''), value: 2 })
    one.collect({ metric: load, labels: { a: '1' } }, { metric: load, labels: { a: '2' } })
    expect(await samples(one)).toEqual(['node_load1{a="1"} 1', 'node_load1{a="2"} 1', 'other 1', 'pushed 2'])
    one.collect({ metric: load, labels: { a: '2' }, value: 5 }, { metric: load, labels: { a: '3' } })
    expect(await samples(one)).toEqual(['node_load1{a="2"} 5', 'node_load1{a="3"} 1', 'other 1', 'pushed 2'])
    await one.clock.advance(4 * MINUTE)
    expect(await samples(one)).toHaveLength(4)
  })

  test('that is still coming in hides nothing of the one before', async () => {
    const one = await exporter()
    one.collect({ metric: load, labels: { a: '1' } }, { metric: load, labels: { a: '2' } })
    const second = one.collection()
    one.take(batchOf(one.table, [{ metric: load, labels: { a: '1' }, value: 2 }], second))
    one.collections.answer = () => [{ source: 'node', sequence: 1 }]
    expect(await samples(one)).toEqual(['node_load1{a="1"} 2', 'node_load1{a="2"} 1'])
    one.collections.answer = () => [{ source: 'node', sequence: second.sequence }]
    expect(await samples(one)).toEqual(['node_load1{a="1"} 2'])
  })

  test('counts anew after a restart of its source', async () => {
    const one = await exporter()
    const of = (sequence: number): Collection => ({ source: 'node', sequence, partial: false, complete: true })
    one.take(batchOf(one.table, [{ metric: load, labels: { a: '1' } }], of(900)))
    await one.scrape()
    one.take(batchOf(one.table, [{ metric: load, labels: { a: '2' } }], of(1)))
    expect(await samples(one)).toEqual(['node_load1{a="2"} 1'])
  })

  test('is asked for in part by collect[] and exclude[], and the answer has only what it brought', async () => {
    const one = await exporter()
    one.collections.collectors = new Set(['cpu', 'loadavg'])
    one.collect({ metric: load, value: 1 }, { metric: seconds, value: 1 })
    const partial = one.collection({ partial: true })
    one.collections.answer = () => {
      one.take(batchOf(one.table, [{ metric: load, value: 2 }], partial))
      return [{ source: 'node', sequence: partial.sequence }]
    }
    expect((await one.scrape('?collect[]=loadavg')).text).toBe(
      '# HELP node_load1 1m load average.\n# TYPE node_load1 gauge\nnode_load1 2\n',
    )
    await one.scrape('?exclude[]=cpu&exclude[]=loadavg')
    expect(one.collections.requests.map(({ filter }) => filter)).toEqual([
      { include: ['loadavg'] },
      { exclude: ['cpu', 'loadavg'] },
    ])
    one.collections.answer = () => []
    expect(await samples(one)).toEqual(['node_cpu_seconds_total 1', 'node_load1 2'])
  })

  test.each([
    [
      '?collect[]=cpu&collect[]=nope',
      "Couldn't create filtered metrics handler: couldn't create collector: missing collector: nope\n",
    ],
    [
      '?exclude[]=nope',
      "Couldn't create filtered metrics handler: couldn't create collector: missing collector: nope\n",
    ],
    ['?collect[]=cpu&exclude[]=cpu', 'Combined collect and exclude queries are not allowed.\n'],
  ])('of %s is refused', async (query, message) => {
    const one = await exporter()
    one.collections.collectors = new Set(['cpu'])
    expect(await one.scrape(query)).toMatchObject({ status: 400, text: message })
    expect(one.collections.requests).toEqual([])
  })
})

describe('pushed series', () => {
  test('expire when nothing comes for metric_expiration', async () => {
    const one = await exporter({ metric_expiration: '1m' })
    one.push({ metric: load, labels: { a: '1' } }, { metric: load, labels: { a: '2' } })
    await one.clock.advance(59 * SECOND)
    one.push({ metric: load, labels: { a: '2' }, value: 3 })
    expect(await samples(one)).toHaveLength(2)
    await one.clock.advance(SECOND)
    expect(await samples(one)).toEqual(['node_load1{a="2"} 3'])
  })

  test('that expired are let go also when nobody scrapes', async () => {
    const one = await exporter({ metric_expiration: '1m' })
    one.push({ metric: load })
    await one.clock.advance(MINUTE - 1)
    expect(one.table.sweep(-SECOND)).toBe(0)
    await one.clock.advance(2 * MINUTE)
    expect(one.table.sweep(-SECOND)).toBe(1)
  })

  test('end with a stale point', async () => {
    const one = await exporter()
    one.push({ metric: load, labels: { a: '1' } }, { metric: load, labels: { a: '2' } })
    one.push({ metric: load, labels: { a: '1' }, flags: FLAG.STALE })
    expect(await samples(one)).toEqual(['node_load1{a="2"} 1'])
  })

  test('keep their newest point when an older one comes late', async () => {
    const one = await exporter({ send_timestamps: true })
    one.push({ metric: load, value: 2, timeMs: 1_750_000_000_002 })
    one.push({ metric: load, value: 1, timeMs: 1_750_000_000_001 })
    expect(await samples(one)).toEqual(['node_load1 2 1750000000002'])
    expect(one.drops.counts).toEqual({ 'metrics/out_of_order': 1 })
  })
})

describe('a series that begins at 0', () => {
  test('shows this 0 to one scrape before anything else', async () => {
    const one = await exporter()
    one.push({ metric: seconds, value: 0, flags: FLAG.FRESH })
    one.push({ metric: seconds, value: 5 })
    expect(await samples(one)).toEqual(['node_cpu_seconds_total 0'])
    expect(await samples(one)).toEqual(['node_cpu_seconds_total 5'])
  })

  test('shows its value after two minutes though nobody saw the 0', async () => {
    const one = await exporter()
    one.push({ metric: seconds, value: 0, flags: FLAG.FRESH })
    one.push({ metric: seconds, value: 5 })
    await one.clock.advance(2 * MINUTE)
    expect(await samples(one)).toEqual(['node_cpu_seconds_total 5'])
  })

  test('is an empty histogram if it is one', async () => {
    const one = await exporter()
    const value = { count: 3, sum: 1.5, bounds: Float64Array.of(1), counts: Float64Array.of(2, 1) }
    one.push({ metric: latency, value, flags: FLAG.FRESH })
    const lines = (...counts: number[]) => [
      `latency_seconds_bucket{le="1"} ${counts[0]}`,
      `latency_seconds_bucket{le="+Inf"} ${counts[1]}`,
      `latency_seconds_sum ${counts[2]}`,
      `latency_seconds_count ${counts[1]}`,
    ]
    expect(await samples(one)).toEqual(lines(0, 0, 0))
    expect(await samples(one)).toEqual(lines(2, 3, 1.5))
  })
})

test('a lingering series stays though collections lack it, until a stale point', async () => {
  const one = await exporter()
  one.collect(
    { metric: load, labels: { a: '1' }, value: 7, flags: FLAG.LINGERING },
    { metric: load, labels: { a: '2' } },
  )
  one.collect({ metric: load, labels: { a: '3' } })
  await one.clock.advance(30 * MINUTE)
  expect(await samples(one)).toEqual(['node_load1{a="1"} 7', 'node_load1{a="3"} 1'])
  one.collect({ metric: load, labels: { a: '1' }, flags: FLAG.STALE }, { metric: load, labels: { a: '3' } })
  expect(await samples(one)).toEqual(['node_load1{a="3"} 1'])
})

describe('the series table', () => {
  test('has every series back after shutdown', async () => {
    const table = new SeriesTable()
    const one = await startExporter({}, table)
    one.collect({ metric: load, labels: { a: '1' } })
    one.push({ metric: seconds })
    await one.scrape()
    await one.stop()
    expect(table.size).toBe(2)
    expect(table.sweep(-1000)).toBe(2)
  })

  test('may be full: series are then kept by their own keys, with the same results', async () => {
    const table = new SeriesTable({ maxSeries: 3 })
    const one = await exporter({}, table)
    const points = (value: number, names: string[]) => names.map(a => ({ metric: load, labels: { a }, value }))
    const shown = (value: number, names: string[]) => names.map(a => `node_load1{a="${a}"} ${value}`)
    one.collect(...points(1, ['1', '2', '3', '4']))
    expect(await samples(one)).toEqual(shown(1, ['1', '2', '3', '4']))
    one.collect(...points(2, ['2', '4', '5']))
    expect(await samples(one)).toEqual(shown(2, ['2', '4', '5']))
    expect(table.size).toBe(3)
    one.collect(...points(3, ['6']))
    expect(await samples(one)).toEqual(shown(3, ['6']))
  })

  test('gets a series that found no room, once it has room', async () => {
    const table = new SeriesTable({ maxSeries: 1 })
    const one = await exporter({}, table)
    const first = table.intern(table.keys.key(...keyOf('first')))
    one.push({ metric: load, labels: { a: 'mine' }, value: 1 })
    table.release(first)
    table.sweep(-1000)
    const id = table.intern(batchOf(table, [{ metric: load, labels: { a: 'mine' } }]).key(0))
    one.push({ metric: load, labels: { a: 'mine' }, value: 2 })
    expect(await samples(one)).toEqual(['node_load1{a="mine"} 2'])
    table.release(id)
    expect(table.sweep(-1000)).toBe(0)
  })

  test('being full, keeps the exporter from holding more than as many again', async () => {
    const one = await exporter({}, new SeriesTable({ maxSeries: 2 }))
    one.push(...['1', '2', '3', '4', '5'].map(a => ({ metric: load, labels: { a } })))
    expect(await samples(one)).toHaveLength(4)
    expect(one.drops.counts).toEqual({ 'metrics/series_limit': 1 })
  })
})

function keyOf(name: string) {
  const { resource, scope, descriptor, attributes } = batchOf(new SeriesTable(), [{ metric: gauge(name, '') }]).key(0)
  return [resource, scope, descriptor, attributes] as const
}

describe('what cannot be shown', () => {
  const delta = { ...counter('orders', ''), temporality: 'delta' as const }
  test('is counted as dropped by its reason', async () => {
    const one = await exporter({ metrics: { exclude: ['hidden_*'] } })
    const exponential = { ...latency, name: 'wide', kind: 'exponential_histogram' as const }
    const side = { offset: 0, counts: new Float64Array(0) }
    one.push(
      { metric: delta },
      { metric: delta },
      { metric: { ...delta, temporality: 'unspecified' } },
      { metric: { ...gauge('°', ''), finalName: false } },
      { metric: gauge('hidden_one', '') },
      {
        metric: exponential,
        value: { count: 0, scale: -5, zeroCount: 0, zeroThreshold: 0, positive: side, negative: side },
      },
      { metric: latency, value: 5 },
      { metric: load },
    )
    one.push({ metric: load, value: { count: 1, sum: 1, bounds: new Float64Array(0), counts: Float64Array.of(1) } })
    expect(await samples(one)).toEqual(['node_load1 1'])
    expect(one.drops.counts).toEqual({
      'metrics/delta_temporality': 2,
      'metrics/unspecified_temporality': 1,
      'metrics/invalid_name': 1,
      'metrics/filtered': 1,
      'metrics/unsupported_scale': 1,
      'metrics/invalid_value': 2,
    })
  })

  test('a metric of another type waits until the first one is gone', async () => {
    const one = await exporter()
    one.collect(
      { metric: gauge('x', 'A gauge.'), labels: { a: '1' }, value: 1 },
      { metric: counter('x', 'A counter.') },
    )
    one.collect(
      { metric: gauge('x', 'A gauge.'), labels: { a: '1' }, value: 2 },
      { metric: counter('x', 'A counter.') },
    )
    expect((await one.scrape()).text).toBe('# HELP x A gauge.\n# TYPE x gauge\nx{a="1"} 2\n')
    expect(one.drops.counts).toEqual({ 'metrics/type_conflict': 2 })
    expect(one.log.lines).toEqual(['warn: x is a counter, but x is a gauge already: the first one is shown'])
    one.collect({ metric: counter('x', 'A counter.'), value: 3 })
    expect((await one.scrape()).text).toBe('# HELP x A counter.\n# TYPE x counter\nx 3\n')
    one.collect({ metric: counter('x', 'A counter.'), value: 4 }, { metric: gauge('x', 'A gauge.') })
    expect(await samples(one)).toEqual(['x 4'])
    expect(one.log.lines).toHaveLength(2)
  })

  test('a metric whose samples are named as those of a histogram', async () => {
    const value = { count: 0, sum: 0, bounds: new Float64Array(0), counts: new Float64Array(1) }
    const one = await exporter()
    one.push({ metric: gauge('latency_seconds_count', '') }, { metric: latency, value })
    expect(await samples(one)).toEqual(['latency_seconds_count 1'])
    const other = await exporter()
    other.push({ metric: latency, value }, { metric: gauge('latency_seconds_count', '') })
    expect(await samples(other)).toHaveLength(3)
    expect(other.drops.counts).toEqual({ 'metrics/type_conflict': 1 })
  })

  test('a series that becomes the same as another waits until that is gone', async () => {
    const one = await exporter()
    const dotted = { metric: { ...load, finalName: false }, labels: { 'a.b': '1' }, value: 1 }
    const under = { metric: { ...load, finalName: false }, labels: { a_b: '1' }, value: 2 }
    one.collect(dotted, under)
    expect(await samples(one)).toEqual(['node_load1{a_b="1"} 1'])
    expect(one.drops.counts).toEqual({ 'metrics/duplicate_series': 1 })
    expect(one.log.lines).toEqual(['warn: two series are node_load1{a_b="1"}: the first one is shown'])
    one.collect(under)
    expect(await samples(one)).toEqual(['node_load1{a_b="1"} 2'])
  })

  test('a second help text is left out, its series is not', async () => {
    const one = await exporter()
    one.push(
      { metric: load, labels: { a: '1' } },
      { metric: { ...load, description: 'Other.', unit: '1' }, labels: { a: '2' } },
    )
    expect((await one.scrape()).text).toContain(
      '1m load average.\n# TYPE node_load1 gauge\nnode_load1{a="1"} 1\nnode_load1{a="2"} 1\n',
    )
    expect(one.log.lines).toEqual(['warn: node_load1 has two help texts: the first one is shown'])
  })

  test('every reason has its own number', () => {
    expect(new Set(REFUSALS).size).toBe(REFUSALS.length)
  })
})

describe('several exporters', () => {
  test('split one pipeline by names', async () => {
    const table = new SeriesTable()
    const containers = await exporter(
      { path: '/metrics/containers', metrics: { include: ['container_*', '/node_(load|x).*/'] } },
      table,
    )
    const rest = await exporter({ metrics: { exclude: ['container_*'] } }, table)
    const points = [gauge('container_x', ''), gauge('node_load1', ''), gauge('node_y', '')].map(metric => ({ metric }))
    for (const one of [containers, rest]) one.push(...points)
    expect(containers.url).toMatch(/\/metrics\/containers$/)
    expect(await samples(containers)).toEqual(['container_x 1', 'node_load1 1'])
    expect(await samples(rest)).toEqual(['node_load1 1', 'node_y 1'])
  })

  test('a pattern that is none is refused with the config', () => {
    expect(config.safeParse({ metrics: { include: ['/a(/'] } }).success).toBe(false)
  })
})

test('renders again only what changed: a page is the same bytes until a batch comes', async () => {
  const one = await exporter({ enable_open_metrics: true })
  one.push({ metric: load, value: 1 })
  const pages = [await one.scrape(), await one.scrape('', { accept: ACCEPT.openMetrics }), await one.scrape()]
  expect(pages[2].text).toBe(pages[0].text)
  one.push({ metric: load, value: 2 })
  expect((await one.scrape()).samples).toEqual(['node_load1 2'])
  expect((await one.scrape('', { accept: ACCEPT.openMetrics })).samples).toEqual(['node_load1 2.0'])
})
