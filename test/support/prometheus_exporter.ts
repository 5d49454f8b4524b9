import { prometheus } from '../../exporters/prometheus/exporter.ts'
import { systemClock } from '../../src/component/clock.ts'
import type { CollectOutcome, CollectRequest, Settings } from '../../src/component/types.ts'
import { createListeners } from '../../src/net/listeners.ts'
import { type AttributeValue, encodeAttributes } from '../../src/telemetry/attributes.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import { BatchBuilder } from '../../src/telemetry/metrics/batch_builder.ts'
import type { Descriptor } from '../../src/telemetry/metrics/descriptor.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import type { DistributionValue, Exemplar } from '../../src/telemetry/metrics/values.ts'
import type { Collection, Origin } from '../../src/telemetry/origin.ts'
import { NO_RESOURCE, NO_SCOPE, type Resource, type Scope } from '../../src/telemetry/resource.ts'
import { FakeClock } from './clock.ts'
import { fakeSettings, RecordedDrops, RecordedLog } from './settings.ts'

/** One point as a test writes it. */
export interface TestPoint {
  metric: Descriptor
  labels?: Record<string, AttributeValue>
  value?: number | bigint | DistributionValue
  flags?: number
  timeMs?: number
  startMs?: number
  resource?: Resource
  scope?: Scope
  exemplars?: readonly Exemplar[]
}

const WORD = 0xffffffffn

/** A batch of these points; `collection` makes it part of one. */
export function batchOf(table: SeriesTable, points: readonly TestPoint[], collection?: Collection): MetricBatch {
  const builder = new BatchBuilder(table)
  for (const { metric, labels = {}, value = 1, flags = 0, ...rest } of points) {
    const { resource = NO_RESOURCE, scope = NO_SCOPE, timeMs = 0, startMs = 0, exemplars = [] } = rest
    const attributes = encodeAttributes(Object.entries(labels))
    const series = builder.ref(table.keys.key(resource, scope, metric, attributes))
    builder.at(timeMs, startMs)
    if (typeof value === 'number') builder.number(series, value, flags)
    else if (typeof value === 'bigint') builder.int(series, Number(value & WORD), Number((value >> 32n) & WORD), flags)
    else builder.distribution(series, value, flags)
    builder.exemplars(exemplars)
  }
  const origin: Origin = { receiver: collection?.source ?? 'test', collection }
  return builder.finish(origin)
}

export interface Scrape {
  status: number
  contentType: string
  bytes: Buffer
  text: string
  /** Lines that are no comments. */
  samples: string[]
}

/** Collections that a test answers itself. */
export class TestCollections {
  readonly requests: CollectRequest[] = []
  collectors = new Set<string>()
  /** What happens on a scrape; its result is what the exporter is told. */
  answer: (request: CollectRequest) => Promise<CollectOutcome[]> | CollectOutcome[] = () => []

  async collect(request: CollectRequest): Promise<CollectOutcome[]> {
    this.requests.push(request)
    return this.answer(request)
  }
  names(): ReadonlySet<string> {
    return this.collectors
  }
  intervalMs(): number {
    return 0
  }
}

/** A `prometheus` exporter that listens on a port of its own, with a clock that stands still. */
export class TestExporter {
  readonly clock = new FakeClock()
  readonly log = new RecordedLog()
  readonly drops = new RecordedDrops()
  readonly table: SeriesTable
  readonly collections = new TestCollections()
  readonly #listeners = createListeners({ log: this.log, clock: systemClock, drainMs: 100 })
  readonly #exporter: ReturnType<typeof prometheus.create>
  /** Of the metrics page. */
  url = ''
  #sequence = 0

  constructor(config: object, table: SeriesTable, settings: Partial<Settings>) {
    this.table = table
    const parsed = prometheus.config.parse({ endpoint: '127.0.0.1:0', ...config }) as never
    const { clock, log, drops, collections } = this
    const own = { id: 'prometheus', clock, log, drops, collections, listeners: this.#listeners, series: table }
    this.#exporter = prometheus.create(parsed, fakeSettings({ ...own, ...settings }))
  }

  async start(): Promise<this> {
    await this.#exporter.start?.()
    this.url = /https?:\S+/.exec(this.#exporter.describe?.() ?? '')?.[0] ?? ''
    return this
  }

  take(batch: MetricBatch): void {
    void this.#exporter.metrics?.(batch, AbortSignal.timeout(1000))
  }
  /** Points that somebody pushed. */
  push(...points: TestPoint[]): void {
    this.take(batchOf(this.table, points))
  }
  /** The next whole collection of `node`, in one batch. */
  collect(...points: TestPoint[]): void {
    this.take(batchOf(this.table, points, this.collection()))
  }
  collection(over: Partial<Collection> = {}): Collection {
    return { source: 'node', sequence: ++this.#sequence, partial: false, complete: true, ...over }
  }

  async scrape(query = '', headers: Record<string, string> = {}, method = 'GET'): Promise<Scrape> {
    const response = await fetch(this.url + query, { headers: { 'accept-encoding': 'identity', ...headers }, method })
    const bytes = Buffer.from(await response.arrayBuffer())
    const text = bytes.toString()
    const samples = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    return { status: response.status, contentType: response.headers.get('content-type') ?? '', bytes, text, samples }
  }

  async stop(): Promise<void> {
    await this.#exporter.shutdown?.(AbortSignal.timeout(2000))
    await this.#listeners.close(AbortSignal.timeout(0))
  }
}

export const ACCEPT = {
  openMetrics: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  protobuf:
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8',
  text: 'text/plain;version=0.0.4;escaping=allow-utf-8',
} as const

/** A running exporter; end it with `stop`. */
export function startExporter(config: object = {}, table?: SeriesTable, settings: Partial<Settings> = {}) {
  return new TestExporter(config, table ?? new SeriesTable(), settings).start()
}
