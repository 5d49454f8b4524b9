import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readPage } from '../../src/prometheus/read_page.ts'
import { encodeAttributes } from '../../src/telemetry/attributes.ts'
import { counter, type Descriptor, gauge, histogram, summary, untyped } from '../../src/telemetry/metrics/descriptor.ts'
import type { Exemplar } from '../../src/telemetry/metrics/values.ts'
import { NO_SCOPE, resourceOf } from '../../src/telemetry/resource.ts'
import { ACCEPT, startExporter, type TestExporter, type TestPoint } from '../../test/support/prometheus_exporter.ts'

async function exporter(settings: object = {}): Promise<TestExporter> {
  const one = await startExporter({ enable_open_metrics: true, ...settings })
  onTestFinished(() => one.stop())
  return one
}

async function page(settings: object, accept: string, ...points: TestPoint[]) {
  const one = await exporter(settings)
  one.push(...points)
  return one.scrape('', { accept })
}
const otel = (descriptor: Descriptor): Descriptor => ({ ...descriptor, finalName: false })
const load = gauge('node_load1', '')
const exemplar: Exemplar = {
  timeUnixNano: 1_750_000_000_123_456_789n,
  value: 0.5,
  attributes: encodeAttributes([['http.route', '/x']]),
  traceId: Uint8Array.from({ length: 16 }, () => 0xab),
  spanId: Uint8Array.from({ length: 8 }, () => 0xcd),
}
const EXEMPLAR = `# {trace_id="${'ab'.repeat(16)}",span_id="${'cd'.repeat(8)}",http_route="/x"} 0.5 1750000000.123456789`

describe('OpenMetrics', () => {
  test('has families without _total, units, exemplars, and an end', async () => {
    const value = { count: 6, sum: 42.5, bounds: Float64Array.of(0.25, 1), counts: Float64Array.of(3, 2, 1) }
    const { text, contentType } = await page(
      {},
      ACCEPT.openMetrics,
      { metric: { ...otel(counter('wait', 'A "wait".')), unit: 's' }, value: 7, exemplars: [exemplar] },
      { metric: histogram('size', ''), labels: { a: 'b' }, value, exemplars: [exemplar] },
    )
    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8')
    expect(text).toBe(`# TYPE size histogram
size_bucket{a="b",le="0.25"} 3
size_bucket{a="b",le="1.0"} 5 ${EXEMPLAR}
size_bucket{a="b",le="+Inf"} 6
size_sum{a="b"} 42.5
size_count{a="b"} 6
# HELP wait_seconds A \\"wait\\".
# TYPE wait_seconds counter
# UNIT wait_seconds seconds
wait_seconds_total 7.0 ${EXEMPLAR}
# EOF
`)
  })

  test('calls a counter without _total unknown, and one whose family name is taken', async () => {
    const { text } = await page(
      {},
      ACCEPT.openMetrics,
      { metric: counter('node_forks', ''), value: 1, exemplars: [exemplar] },
      { metric: counter('jobs_total', ''), value: 2 },
      { metric: gauge('jobs', ''), value: 3 },
    )
    expect(text).toBe(`# TYPE jobs gauge
jobs 3.0
# TYPE jobs_total unknown
jobs_total 2.0
# TYPE node_forks unknown
node_forks 1.0
# EOF
`)
  })

  test('has no sum beside negative buckets', async () => {
    const value = { count: 2, sum: -1, bounds: Float64Array.of(-1), counts: Float64Array.of(1, 1) }
    const points = { metric: histogram('x', ''), value }
    expect((await page({}, ACCEPT.openMetrics, points)).samples).toEqual([
      'x_bucket{le="-1.0"} 1',
      'x_bucket{le="+Inf"} 2',
    ])
    expect((await page({}, ACCEPT.text, points)).samples).toHaveLength(4)
  })

  test('writes _created only where it is asked for and known', async () => {
    const metric = counter('x_total', '')
    const points = [
      { metric, labels: { a: '1' }, startMs: 1_520_430_000_123 },
      { metric, labels: { a: '2' } },
    ]
    expect((await page({}, ACCEPT.openMetrics, ...points)).text).not.toContain('_created')
    const { samples } = await page({ created_lines: true }, ACCEPT.openMetrics, ...points)
    expect(samples).toEqual(['x_total{a="1"} 1.0', 'x_created{a="1"} 1520430000.123', 'x_total{a="2"} 1.0'])
    expect((await page({ created_lines: true }, ACCEPT.text, ...points)).samples).toHaveLength(2)
  })

  test('has types that the text format lacks', async () => {
    const stateset = { ...gauge('door', ''), prometheusType: 'stateset' as const }
    const info = { ...gauge('build_info', ''), prometheusType: 'info' as const }
    const held = { ...histogram('held', ''), prometheusType: 'gaugehistogram' as const }
    const points: TestPoint[] = [
      { metric: stateset, labels: { door: 'open' } },
      { metric: info, labels: { version: '1' } },
      { metric: held, value: { count: 1, sum: 2, bounds: new Float64Array(0), counts: Float64Array.of(1) } },
      { metric: untyped('odd', '') },
    ]
    const types = (text: string) =>
      text
        .split('\n')
        .filter(line => line.startsWith('# TYPE'))
        .map(line => line.slice(7))
    const openMetrics = await page({}, ACCEPT.openMetrics, ...points)
    expect(types(openMetrics.text)).toEqual(['build info', 'door stateset', 'held gaugehistogram', 'odd unknown'])
    expect(openMetrics.samples).toContain('held_gsum 2.0')
    const text = await page({}, ACCEPT.text, ...points)
    expect(types(text.text)).toEqual(['build_info gauge', 'door gauge', 'held histogram', 'odd untyped'])
    expect(text.samples).toContain('held_sum 2')
  })
})

describe('timestamps', () => {
  const points = [
    { metric: load, timeMs: 1_395_066_363_005 },
    { metric: load, labels: { a: '1' } },
  ]
  test('are sent where that is asked for and the point has one', async () => {
    const config = { send_timestamps: true }
    expect((await page(config, ACCEPT.text, ...points)).samples[0]).toBe('node_load1 1 1395066363005')
    expect((await page(config, ACCEPT.openMetrics, ...points)).samples).toEqual([
      'node_load1 1.0 1395066363.005',
      'node_load1{a="1"} 1.0',
    ])
    const { bytes } = await page(config, ACCEPT.protobuf, ...points)
    expect(
      readPage(bytes, 'protobuf')
        .families.get('node_load1')
        ?.metrics.map(({ timeMs }) => timeMs),
    ).toEqual([1_395_066_363_005, undefined])
    expect((await page({}, ACCEPT.text, ...points)).samples[0]).toBe('node_load1 1')
  })
})

describe('names that older versions do not take', () => {
  const points = [
    { metric: gauge('my.metric', ''), labels: { 'a.b': 'c', d: 'e' }, value: 1 },
    {
      metric: histogram('my.hist', ''),
      value: { count: 0, sum: 0, bounds: new Float64Array(0), counts: new Float64Array(1) },
    },
  ]
  test.each([
    ['allow-utf-8', '{"my.metric","a.b"="c",d="e"} 1', '{"my.hist_bucket",le="+Inf"} 0'],
    ['underscores', 'my_metric{a_b="c",d="e"} 1', 'my_hist_bucket{le="+Inf"} 0'],
    ['dots', 'my_dot_metric{a_dot_b="c",d="e"} 1', 'my_dot_hist_bucket{le="+Inf"} 0'],
    ['values', 'U__my_2e_metric{U__a_2e_b="c",d="e"} 1', 'U__my_2e_hist_bucket{le="+Inf"} 0'],
  ])('are written as a scraper asks: %s', async (escaping, metric, bucket) => {
    const { samples, text } = await page({}, `text/plain;version=1.0.0;escaping=${escaping}`, ...points)
    expect(samples).toEqual(expect.arrayContaining([metric, bucket]))
    expect(text.includes('# TYPE "my.metric" gauge')).toBe(escaping === 'allow-utf-8')
  })

  test('that become the same are shown once to whoever cannot tell them apart', async () => {
    const one = await exporter()
    one.push({ metric: gauge('a.b', ''), value: 1 }, { metric: gauge('a_b', ''), value: 2 })
    const show = async (escaping: string) =>
      (await one.scrape('', { accept: `text/plain;escaping=${escaping}` })).samples
    expect(await show('underscores')).toEqual(['a_b 1'])
    expect(await show('allow-utf-8')).toEqual(['{"a.b"} 1', 'a_b 2'])
    expect(one.drops.counts).toEqual({})
    one.push({ metric: gauge('a.b', ''), value: 3 }, { metric: gauge('a_b', ''), value: 4 })
    expect(await show('underscores')).toEqual(['a_b 3'])
  })
})

describe('names and labels', () => {
  const resource = resourceOf({
    'service.namespace': 'shop',
    'service.name': 'cart',
    'service.instance.id': 'a-1',
    'host.name': 'h1',
    'process.pid': '7',
  })
  const scope = {
    ...NO_SCOPE,
    name: 'lib',
    version: '1.2',
    attributes: encodeAttributes([
      ['kind', 'x'],
      ['name', 'no'],
    ]),
  }
  const metric = { ...otel(gauge('queue.size', '')), unit: 'By' }
  const full = { metric, labels: { 'q.name': 'in' }, resource, scope }

  test('come from resource, scope and attributes, and target_info has the rest', async () => {
    const { samples } = await page({}, ACCEPT.text, full)
    expect(samples).toEqual([
      'queue_size_bytes{instance="a-1",job="shop/cart",otel_scope_kind="x",otel_scope_name="lib",otel_scope_version="1.2",q_name="in"} 1',
      'target_info{host_name="h1",instance="a-1",job="shop/cart",process_pid="7"} 1',
    ])
    expect((await page({}, ACCEPT.openMetrics, full)).text).toContain('# TYPE target info\ntarget_info{')
  })

  test.each([
    [{ drop_in: true }, ['queue_size_bytes{q_name="in"} 1']],
    [
      { without_scope_info: true, metrics: { exclude: ['target_info'] } },
      ['queue_size_bytes{instance="a-1",job="shop/cart",q_name="in"} 1'],
    ],
    [{ drop_in: true, add_metric_suffixes: false }, ['queue_size{q_name="in"} 1']],
    [
      { drop_in: true, translation_strategy: 'NoTranslation', add_metric_suffixes: false },
      ['{"queue.size","q.name"="in"} 1'],
    ],
    [{ drop_in: true, namespace: 'our' }, ['our_queue_size_bytes{q_name="in"} 1']],
    [
      { drop_in: true, const_labels: { region: 'eu', q_name: 'lower' } },
      ['queue_size_bytes{q_name="in",region="eu"} 1'],
    ],
    [
      { drop_in: true, resource_constant_labels: { included: ['host.*', 'process.*'], excluded: ['process.pid'] } },
      ['queue_size_bytes{host_name="h1",q_name="in"} 1'],
    ],
    [
      { drop_in: true, resource_constant_labels: { excluded: ['service.*', 'host.name'] } },
      ['queue_size_bytes{process_pid="7",q_name="in"} 1'],
    ],
    [
      { drop_in: true, resource_to_telemetry_conversion: { enabled: true, exclude_service_attributes: true } },
      ['queue_size_bytes{host_name="h1",process_pid="7",q_name="in"} 1'],
    ],
    [
      { drop_in: true, resource_to_telemetry_conversion: { enabled: true }, resource_constant_labels: {} },
      ['queue_size_bytes{q_name="in"} 1'],
    ],
  ])('as %j says', async (settings, expected) => {
    expect((await page(settings, ACCEPT.text, full)).samples).toEqual(expected)
  })

  test('that are final are not translated', async () => {
    const final = { ...metric, name: 'node.x', finalName: true }
    const { samples } = await page({ drop_in: true }, ACCEPT.text, { ...full, metric: final })
    expect(samples).toEqual(['{"node.x","q.name"="in"} 1'])
  })

  test('of a drop-in are served as text 0.0.4 and protobuf only', async () => {
    const settings = { drop_in: true }
    expect((await page(settings, ACCEPT.openMetrics, full)).contentType).toMatch(/^text\/plain; version=0\.0\.4;/)
    expect((await page(settings, ACCEPT.protobuf, full)).contentType).toMatch(/^application\/vnd\.google\.protobuf;/)
    expect((await page(settings, 'text/plain;version=1.0.0', full)).contentType).toMatch(/version=0\.0\.4/)
  })

  test('that an exposition needs for itself are renamed as Prometheus renames them', async () => {
    const value = { count: 0, sum: 0, quantiles: new Float64Array(0), values: new Float64Array(0) }
    const { samples } = await page({}, ACCEPT.text, {
      metric: summary('s', ''),
      labels: { quantile: 'x', le: 'y', __name__: 'z' },
      value,
    })
    expect(samples[0]).toBe('s_sum{exported_quantile="x",le="y"} 0')
  })

  test('target_info is shown also of a resource that has neither job nor instance, and not of an empty one', async () => {
    const host = resourceOf({ 'host.name': 'h1' })
    expect((await page({}, ACCEPT.text, { metric: load, resource: host })).samples).toEqual([
      'node_load1 1',
      'target_info{host_name="h1"} 1',
    ])
    expect((await page({}, ACCEPT.text, { metric: load })).samples).toEqual(['node_load1 1'])
  })

  test('target_info is shown once for a job and instance, while it has series', async () => {
    const one = await exporter()
    const other = resourceOf({
      'service.namespace': 'shop',
      'service.name': 'cart',
      'service.instance.id': 'a-1',
      'host.name': 'h2',
    })
    const plain = { metric: load, resource }
    const infos = async () => (await one.scrape()).samples.filter(line => line.startsWith('target_info'))
    one.collect(
      plain,
      { metric: load, labels: { a: '1' }, resource },
      { metric: load, labels: { a: '2' }, resource: other },
    )
    expect(await infos()).toEqual(['target_info{host_name="h1",instance="a-1",job="shop/cart",process_pid="7"} 1'])
    expect(one.log.lines).toHaveLength(1)
    one.collect({ metric: load, labels: { a: '2' }, resource: other })
    expect(await infos()).toEqual(['target_info{host_name="h2",instance="a-1",job="shop/cart"} 1'])
    one.collect({ metric: load })
    expect(await infos()).toEqual([])
  })
})

/** Any text, and any name a metric or label can have. */
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const name = fc.oneof(
  fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/),
  text.filter(string => /[^_]/.test(string) && string.isWellFormed()),
)
const series = fc.record({
  labels: fc.dictionary(
    name.filter(label => label !== '__proto__' && label !== '__name__'),
    text.filter(value => value !== ''),
    { maxKeys: 4 },
  ),
  value: fc.double(),
})
const families = fc.uniqueArray(
  fc.tuple(
    name,
    fc.uniqueArray(series, { selector: ({ labels }) => JSON.stringify(labels), minLength: 1, maxLength: 4 }),
  ),
  {
    selector: ([family]) => family,
    minLength: 1,
    maxLength: 5,
  },
)

test('what is written is what is read back, in every format', async () => {
  const one = await exporter({ drop_in: false, metric_expiration: '1m' })
  await fc.assert(
    // Blanks around a description are not part of it in the text format.
    fc.asyncProperty(
      families,
      text.map(words => words.trim()),
      async (list, help) => {
        // The series table keeps the first description that it saw of a metric.
        await one.clock.advance(61_000)
        await one.scrape()
        one.table.sweep(-1000)
        const points = list.flatMap(([family, all]) =>
          all.map(({ labels, value }) => ({ metric: gauge(family, help), labels, value })),
        )
        one.push(...points)
        const sorted = (samples: { name: string; labels: Readonly<Record<string, string>>; value: number }[]) =>
          samples
            .map(({ name, labels, value }) => JSON.stringify([name, Object.entries(labels).sort(), String(value)]))
            .sort()
        const expected = sorted(
          points.map(({ metric, labels, value }) => ({ name: metric.name, labels, value: value === 0 ? 0 : value })),
        )
        for (const format of ['text', 'openMetrics', 'protobuf'] as const) {
          const { bytes } = await one.scrape('', { accept: ACCEPT[format] })
          const read = readPage(bytes, format === 'openMetrics' ? 'openmetrics' : format)
          const metrics = [...read.families].flatMap(([name, family]) =>
            family.metrics.map(({ labels, value = Number.NaN }) => ({ name, labels, value: value === 0 ? 0 : value })),
          )
          expect(sorted(format === 'protobuf' ? metrics : [...read.samples])).toEqual(expected)
          if (help !== '')
            expect(new Set([...read.families.values()].map(family => family.help))).toEqual(new Set([help]))
        }
      },
    ),
    { numRuns: 150 },
  )
})
