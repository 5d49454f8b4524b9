import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/component/clock.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import { everythingExposed } from '../support/exposition_points.ts'
import { startExporter, type TestExporter } from '../support/prometheus_exporter.ts'
import { type Prometheus, startPrometheus } from '../support/servers/prometheus.ts'
import { describeWith } from '../support/servers/requires.ts'

interface NativeSample {
  metric: Record<string, string>
  histogram: [number, { count: string; sum: string; buckets: [number, string, string, string][] }]
}

/** How Prometheus asks, and what a UTF-8 name is to it then. */
const JOBS: [string, object, string][] = [
  // Without a text format in the list it does not say that it takes UTF-8 names.
  ['protobuf', { scrape_protocols: ['PrometheusProto'], scrape_native_histograms: true }, 'http_server_queue'],
  ['openmetrics', { scrape_protocols: ['OpenMetricsText1.0.0'] }, 'http.server.queue'],
  ['text', { scrape_protocols: ['PrometheusText1.0.0'] }, 'http.server.queue'],
  [
    'legacy_names',
    { scrape_protocols: ['PrometheusText0.0.4'], metric_name_validation_scheme: 'legacy' },
    'http_server_queue',
  ],
  ['as_it_comes', {}, 'http.server.queue'],
]

describeWith(['prometheus 3.15'], 'Prometheus 3.15', () => {
  let exporter: TestExporter
  let prometheus: Prometheus

  beforeAll(async () => {
    const settings = { enable_open_metrics: true, translation_strategy: 'NoTranslation' }
    exporter = await startExporter(settings, new SeriesTable(), { clock: systemClock })
    exporter.push(...everythingExposed())
    const { host } = new URL(exporter.url)
    const scrape_configs = JOBS.map(([job_name, more]) => ({
      job_name,
      honor_labels: false,
      static_configs: [{ targets: [host] }],
      ...more,
    }))
    const args = ['--enable-feature=exemplar-storage']
    prometheus = await startPrometheus({ bin: '3.15', config: { scrape_configs }, args })
    await vi.waitFor(
      async () => {
        expect((await prometheus.query('up == 1')).map(({ metric }) => metric.job).sort()).toEqual(
          JOBS.map(([job]) => job).sort(),
        )
      },
      { timeout: 60_000, interval: 500 },
    )
  })
  afterAll(async () => {
    await prometheus?.stop()
    await exporter?.stop()
  })

  const value = async (promql: string): Promise<string | undefined> => (await prometheus.query(promql))[0]?.value[1]

  test.each(JOBS)('reads what it asks for as %s', async (job, _, queue) => {
    expect((await prometheus.targets()).filter(({ lastError }) => lastError !== '')).toEqual([])
    const label = queue === 'http.server.queue' ? '"queue.name"' : 'queue_name'
    expect(await value(`{"${queue}",job="${job}",${label}="in"}`)).toBe('4')
    expect(await value(`{"test_odd_celsius",job="${job}",i="6"}`)).toBe('0.30000000000000004')
    expect(await value(`{"test_odd_celsius",job="${job}",i="9"}`)).toBe('NaN')
    expect(
      await value(`{"test_odd_celsius",job="${job}",i="0",text="a \\"b\\" \\\\ \\n é 日本 {x=\\"y\\"} # 😀"}`),
    ).toBe('0')
    expect(await value(`{"test_latency_seconds_bucket",job="${job}",le="1.0"}`)).toBe('6')
    expect(await value(`{"test_wait_seconds",job="${job}",quantile="0.5"}`)).toBe('0.9')
    expect(await value(`{"target_info",job="${job}"}`)).toBe('1')
    expect(await value(`{"test_requests_total",job="${job}",code="500"}`)).toBe('3')
  })

  test('has native histograms as they were', async () => {
    const [sample] = (await prometheus.query('{"test_native_seconds",job="protobuf"}')) as unknown as NativeSample[]
    const [, { count, sum, buckets }] = sample.histogram
    expect([count, sum]).toEqual(['17', '3.25'])
    const edge = (index: number): number => 2 ** (index / 8)
    const filled = buckets
      .filter(([, , , n]) => n !== '0')
      .map(([, lower, upper, n]) => [Number(lower), Number(upper), n])
    const expected: [number, number, string][] = [
      [-edge(3), -edge(2), '2'],
      [-1e-128, 1e-128, '2'],
      [edge(-4), edge(-3), '3'],
      [edge(-2), edge(-1), '2'],
      [edge(2), edge(3), '8'],
    ]
    expect(filled.map(([, , n]) => n)).toEqual(expected.map(([, , n]) => n))
    for (const [i, [lower, upper]] of expected.entries()) {
      expect(filled[i][0]).toBeCloseTo(lower, 12)
      expect(filled[i][1]).toBeCloseTo(upper, 12)
    }
  })

  test('has types, units and help texts', async () => {
    const response = await fetch(`${prometheus.url}/api/v1/targets/metadata?match_target={job="openmetrics"}`)
    const { data } = (await response.json()) as { data: { metric: string; type: string; help: string; unit: string }[] }
    const byName = Object.fromEntries(data.map(({ metric, type, help }) => [metric, `${type}: ${help}`]))
    expect(byName).toMatchObject({
      'http.server.queue': 'gauge: Translated.',
      test_odd_celsius: 'gauge: A "help" with \\ and\na second line.',
      test_latency_seconds: 'histogram: Latency.',
      test_native_seconds: 'histogram: Native.',
      test_requests: 'counter: Requests.',
      test_wait_seconds: 'summary: Waiting.',
      target: 'info: Target metadata',
    })
  })

  test('has exemplars from OpenMetrics and protobuf', async () => {
    const range = `start=${Date.now() / 1000 - 1e8}&end=${Date.now() / 1000 + 1e8}`
    for (const job of ['openmetrics', 'protobuf']) {
      const query = encodeURIComponent(`test_requests_total{job="${job}"}`)
      const response = await fetch(`${prometheus.url}/api/v1/query_exemplars?query=${query}&${range}`)
      const { data } = (await response.json()) as {
        data: { exemplars: { labels: object; value: string; timestamp: number }[] }[]
      }
      expect(data[0]?.exemplars[0]).toEqual({
        labels: { trace_id: '0102030405060708090a0b0c0d0e0f10', span_id: '0102030405060708', user_id: 'ü1' },
        value: '0.7',
        timestamp: 1750000000.123,
      })
    }
  })
})
