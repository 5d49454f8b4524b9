// Exposition of series whose values all change between scrapes: taking the batch, rendering the page, and both.
import { Exposer } from '../exporters/prometheus/exposer.ts'
import { Naming } from '../exporters/prometheus/naming.ts'
import { Pages } from '../exporters/prometheus/pages.ts'
import { NameFilter } from '../exporters/prometheus/patterns.ts'
import { systemClock } from '../src/component/clock.ts'
import type { ExpositionFormat } from '../src/prometheus/exposition.ts'
import { readSeries } from '../src/prometheus/series_reader.ts'
import { TextReader, type TextSample } from '../src/prometheus/text_reader.ts'
import type { MetricBatch } from '../src/telemetry/metrics/batch.ts'
import { counter, histogram } from '../src/telemetry/metrics/descriptor.ts'
import { Emitter, type Family, family } from '../src/telemetry/metrics/emitter.ts'
import { SeriesTable } from '../src/telemetry/metrics/series_table.ts'
import { RecordedDrops, RecordedLog } from '../test/support/settings.ts'

const SERIES = 10_000
const FAMILIES = 100
const ROUNDS = 200
const BOUNDS = Float64Array.of(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

function exposition() {
  const table = new SeriesTable()
  const naming = new Naming({
    strategy: 'UnderscoreEscapingWithSuffixes',
    namespace: '',
    constLabels: {},
    resourceLabels: undefined,
    scopeLabels: true,
    identity: true,
  })
  const filter = new NameFilter([], [])
  const options = { table, naming, filter, drops: new RecordedDrops(), log: new RecordedLog(), clock: systemClock }
  const exposer = new Exposer({ ...options, expirationMs: 300_000 })
  const pages = new Pages(exposer, systemClock, { sendTimestamps: false, createdLines: false })
  return { table, exposer, pages }
}

const labels = (i: number): string[] => [String(i % 64), ['user', 'system', 'idle', 'iowait'][i % 4], `device-${i}`]

/** A way to make the batch of round `round`, each value other than before. */
type Values = (emitter: Emitter, round: number) => void

function numbers(value: (i: number, round: number) => number): Values {
  const families: Family[] = Array.from({ length: FAMILIES }, (_, n) =>
    family(counter(`bench_family_${n}_seconds_total`, 'A family of the benchmark.'), 'cpu', 'mode', 'device'),
  )
  return (emitter, round) => {
    for (let i = 0; i < SERIES; i++) emitter.emit(families[i % FAMILIES], value(i, round), ...labels(i))
  }
}

const latency = family(histogram('bench_request_duration_seconds', 'A histogram.'), 'cpu', 'mode', 'device')
const HISTOGRAMS = 1000
function histograms(emitter: Emitter, round: number): void {
  for (let i = 0; i < HISTOGRAMS; i++) {
    const counts = new Float64Array(BOUNDS.length + 1).fill(round + i)
    emitter.distribution(
      latency,
      { count: 12 * (round + i), sum: (round + i) / 8, bounds: BOUNDS, counts },
      ...labels(i),
    )
  }
}

const mixed = (i: number, round: number): number => {
  if (i % 5 < 2) return i * 1000 + round
  if (i % 5 < 4) return (i * 100_000 + round) / 100
  return Math.sqrt(i + round)
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Reads a page: lines and values only, and with every label taken apart, as a scraper does with a series that is new to it. */
function measureReading(name: string, page: Buffer, openMetrics: boolean): void {
  const visits: [string, (sample: TextSample) => void][] = [
    ['known series', () => {}],
    [
      'new series',
      ({ bytes, seriesStart, seriesEnd }) => void readSeries(bytes, seriesStart, seriesEnd, { maxLabels: 99 }),
    ],
  ]
  for (const [what, sample] of visits) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS / 4; round++) {
      const reader = new TextReader({ help() {}, type() {}, unit() {}, sample }, { openMetrics })
      const began = performance.now()
      for (let at = 0; at < page.length; at += 1 << 16) reader.push(page.subarray(at, at + (1 << 16)))
      if (!reader.end()) throw new Error(reader.error?.message)
      times.push(performance.now() - began)
    }
    console.log(
      `${name.padEnd(34)} ${what.padEnd(12)} read ${(SERIES / median(times) / 1000).toFixed(2).padStart(6)} M samples/s`,
    )
  }
}

async function measure(name: string, values: Values, samples: number, format: ExpositionFormat): Promise<Buffer> {
  const { table, exposer, pages } = exposition()
  const emitter = new Emitter(table)
  const collection = { source: 'bench', partial: false, complete: true }
  const batchOf = (round: number): MetricBatch => {
    emitter.begin(0)
    values(emitter, round)
    return emitter.finish({ receiver: 'bench', collection: { ...collection, sequence: round } })
  }
  const took: number[] = []
  const rendered: number[] = []
  let body: Buffer = Buffer.alloc(0)
  for (let round = 1; round <= ROUNDS; round++) {
    const batch = batchOf(round)
    const began = performance.now()
    exposer.consume(batch)
    const between = performance.now()
    exposer.prepare(new Map([['bench', round]]))
    const page = await pages.whole({ format, escaping: 'underscores', contentType: '' })
    const ended = performance.now()
    body = page.body
    // The first rounds compile, and render the labels of every series.
    if (round <= ROUNDS / 4) continue
    took.push(between - began)
    rendered.push(ended - between)
  }
  const rate = (times: number[]): string => (samples / median(times) / 1000).toFixed(2).padStart(6)
  const both = took.map((time, i) => time + rendered[i])
  console.log(
    `${name.padEnd(34)} ${format.padEnd(12)} take ${rate(took)}  render ${rate(rendered)}  both ${rate(both)} M samples/s, ${(body.length / 1024).toFixed(0)} KiB`,
  )
  return body
}

console.log(`${SERIES} series in ${FAMILIES} families, all values changed; medians of ${(ROUNDS * 3) / 4} rounds`)
const sets: [string, Values, number][] = [
  ['whole numbers', numbers((i, round) => i * 1000 + round), SERIES],
  ['numbers of two decimals', numbers((i, round) => (i * 100_000 + round) / 100), SERIES],
  ['numbers of 17 digits', numbers((i, round) => Math.sqrt(i + round + 0.5)), SERIES],
  ['two fifths, two fifths, one fifth', numbers(mixed), SERIES],
  [`${HISTOGRAMS} histograms of 12 buckets`, histograms, HISTOGRAMS * (BOUNDS.length + 3)],
]
for (const [name, values, samples] of sets)
  for (const format of ['text', 'openmetrics', 'protobuf'] as const) await measure(name, values, samples, format)
const page = await measure(sets[3][0], sets[3][1], SERIES, 'text')
measureReading('the page of these', page, false)
