import { describe, expect, onTestFinished, test } from 'vitest'
import { counter, gauge, histogram } from '../../src/telemetry/metrics/descriptor.ts'
import { everythingExposed } from '../support/exposition_points.ts'
import { obtainStrictParser, type ParsedFamily, parseStrictly } from '../support/openmetrics/strict_parser.ts'
import { ACCEPT, startExporter, type TestPoint } from '../support/prometheus_exporter.ts'
import { checkMetrics } from '../support/servers/promtool.ts'
import { describeWith } from '../support/servers/requires.ts'

async function pageOf(settings: object, accept: string, points: TestPoint[]): Promise<Buffer> {
  const one = await startExporter({ enable_open_metrics: true, ...settings })
  onTestFinished(() => one.stop())
  one.push(...points)
  return (await one.scrape('', { accept })).bytes
}

const SETTINGS: [string, object][] = [
  ['as it comes', {}],
  ['with timestamps', { send_timestamps: true }],
  ['as a drop-in', { drop_in: true }],
  ['with resource attributes as labels', { resource_constant_labels: { included: ['*'] }, const_labels: { a: 'b' } }],
  ['without suffixes', { translation_strategy: 'UnderscoreEscapingWithoutSuffixes' }],
]

describeWith(['promtool'], 'a text page', () => {
  test.each(SETTINGS)('%s, is one that promtool finds no fault in', async (_, settings) => {
    const page = await pageOf(settings, 'text/plain;version=0.0.4', everythingExposed())
    expect(await checkMetrics(page.toString())).toEqual([])
  })

  test('of names that had to be escaped is one that it reads', async () => {
    const page = await pageOf({ translation_strategy: 'NoTranslation' }, 'text/plain', everythingExposed())
    expect(await checkMetrics(page.toString())).toEqual([])
  })
})

const unavailable = obtainStrictParser()

describe.skipIf(unavailable)(`an OpenMetrics page${unavailable ? ` (${unavailable})` : ''}`, () => {
  const parsed = async (settings: object, points = everythingExposed()): Promise<Map<string, ParsedFamily>> => {
    const families = parseStrictly(await pageOf(settings, ACCEPT.openMetrics, points))
    return new Map(families.map(family => [family.name, family]))
  }

  test.each([
    ...SETTINGS.filter(([, settings]) => !('drop_in' in settings)),
    ['with created lines', { created_lines: true }],
    ['in UTF-8', { translation_strategy: 'NoTranslation' }],
  ])('%s, is one that a strict parser takes', async (_, settings) => {
    const families = await parsed(settings as object)
    expect(Object.fromEntries([...families].map(([name, { type }]) => [name, type]))).toMatchObject({
      test_latency_seconds: 'histogram',
      test_native_seconds: 'histogram',
      test_odd_celsius: 'gauge',
      test_requests: 'counter',
      test_sumless_seconds: 'histogram',
      test_untyped: 'unknown',
      test_wait_seconds: 'summary',
    })
  })

  test('means to it what was put in', async () => {
    const families = await parsed({ drop_in: false, send_timestamps: true, created_lines: true })
    const odd = families.get('test_odd_celsius')
    expect(odd?.help).toBe('A "help" with \\ and\na second line.')
    expect(odd?.samples[0].labels.text).toBe('a "b" \\ \n é 日本 {x="y"} # 😀')
    expect(
      odd?.samples.map(({ labels, value }) => [labels.i, value]).sort((a, b) => Number(a[0]) - Number(b[0])),
    ).toEqual(
      [
        '0.0',
        '0.0',
        '1.0',
        '-1.5',
        '1000000.0',
        '123456789.0',
        '0.30000000000000004',
        '5e-324',
        '1e+300',
        'nan',
        'inf',
        '-inf',
      ].map((value, i) => [String(i), value]),
    )
    const [requests, created] = families.get('test_requests')?.samples ?? []
    expect([requests.value, requests.seconds]).toEqual(['9007199254740992.0', '1750000000.123000000'])
    expect(requests.exemplar).toEqual({
      labels: { trace_id: '0102030405060708090a0b0c0d0e0f10', span_id: '0102030405060708', user_id: 'ü1' },
      value: 0.7,
    })
    expect([created.name, created.value]).toEqual(['test_requests_created', '1749999000.001'])
    expect(families.get('http_server_queue_bytes_per_second')?.unit).toBe('bytes_per_second')
    expect(families.get('target')).toMatchObject({ type: 'info', samples: [{ labels: { host_name: 'h "1"\n\\' } }] })
    const le = families.get('test_latency_seconds')?.samples.map(({ labels, value }) => [labels.le, value])
    expect(le?.slice(0, 5)).toEqual([
      ['0.005', '1'],
      ['0.5', '3'],
      ['1.0', '6'],
      ['10.0', '10'],
      ['+Inf', '15'],
    ])
  })

  test('has nothing in it that its rules forbid: clashing names, sums beside negative buckets', async () => {
    const negative = { count: 2, sum: -1, bounds: Float64Array.of(-1), counts: Float64Array.of(1, 1) }
    const families = await parsed({}, [
      { metric: counter('jobs_total', ''), value: 1 },
      { metric: gauge('jobs', ''), value: 2 },
      { metric: counter('node_forks', ''), value: 3 },
      { metric: histogram('offset_seconds', ''), value: negative },
    ])
    expect([...families].map(([name, { type }]) => `${name} ${type}`)).toEqual([
      'jobs gauge',
      'jobs_total unknown',
      'node_forks unknown',
      'offset_seconds histogram',
    ])
  })

  test('that is wrong is refused by this parser', async () => {
    expect(() => parseStrictly(Buffer.from('a 1\n'))).toThrow('Missing # EOF')
  })
})
