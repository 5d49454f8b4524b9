// Microseconds of one core a span (and a point) for what is done with OTLP bytes between a receiver and an exporter.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { jsonToWire } from '../src/otlp/json_read.ts'
import { wireToJson } from '../src/otlp/json_write.ts'
import { MetricsReader } from '../src/otlp/metrics_read.ts'
import { writeMetrics } from '../src/otlp/metrics_write.ts'
import { readTraces } from '../src/otlp/validate.ts'
import { encodeAttributes } from '../src/telemetry/attributes.ts'
import { BatchBuilder } from '../src/telemetry/metrics/batch_builder.ts'
import { counter, histogram } from '../src/telemetry/metrics/descriptor.ts'
import { SeriesTable } from '../src/telemetry/metrics/series_table.ts'
import { NO_SCOPE, resourceOf } from '../src/telemetry/resource.ts'
import { prepareAttribute } from '../src/telemetry/wire_changes.ts'
import { RopeWriter } from '../src/telemetry/wire_rope.ts'
import { attributeKey } from '../src/telemetry/wire_values.ts'
import { Walk } from '../src/telemetry/wire_walk.ts'

const ROUNDS = 41
const origin = { receiver: 'bench' }
const data = join(import.meta.dirname, '../test/otlp_wire/testdata')
const file = (name: string): Uint8Array => new Uint8Array(readFileSync(join(data, name)))

/** The same request with each of its spans so many times. */
function larger(bytes: Uint8Array, times: number): Uint8Array {
  const rope = new RopeWriter()
  const walk = new Walk([bytes])
  while (walk.nextGroup()) {
    const group = rope.hole()
    const before = rope.sizeBytes
    rope.share(bytes, walk.resourceFrom, walk.resourceEnd)
    while (walk.nextScope()) {
      const scope = rope.hole()
      const inner = rope.sizeBytes
      rope.share(bytes, walk.scopeFrom, walk.scopeEnd)
      while (walk.nextItem()) for (let i = 0; i < times; i++) rope.share(bytes, walk.itemFrom, walk.itemEnd)
      rope.fillHeader(scope, 18, rope.sizeBytes - inner)
    }
    rope.fillHeader(group, 10, rope.sizeBytes - before)
  }
  return new Uint8Array(Buffer.concat(rope.finish()))
}

/** Median µs an item of `work` over all inputs. */
async function measure<T>(inputs: T[], items: number, work: (input: T) => unknown): Promise<string> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    for (const input of inputs) await work(input)
    times.push(((performance.now() - began) * 1000) / inputs.length / items)
  }
  return times.toSorted((a, b) => a - b)[ROUNDS >> 1].toFixed(3)
}

const route = attributeKey('http.route')
const method = attributeKey('http.request.method')
const zone = prepareAttribute('deployment.zone', 'eu-1')
const tenant = prepareAttribute('tenant', 'acme')
let sink = 0

async function traces(name: string, request: Uint8Array): Promise<void> {
  const requests = Array.from({ length: 16 }, () => request.slice())
  const batches = requests.map(bytes => readTraces(bytes, origin))
  const items = batches[0].itemCount
  const json = requests.slice(0, 4).map(bytes => wireToJson('traces', bytes))
  const line = async <T>(what: string, inputs: T[], work: (input: T) => unknown) =>
    console.log(`${name.padEnd(22)} ${what.padEnd(42)} ${await measure(inputs, items, work)} µs a span`)
  console.log(`${name}: ${items} spans of ${Math.round(request.length / items)} bytes`)
  await line('validate and index', requests, bytes => readTraces(bytes, origin))
  await line('walk', batches, batch => {
    for (const span of batch.spans()) sink += span.end
  })
  await line('split to 200 and gather the slices', batches, batch => {
    sink += batch.split(Math.min(200, items / 2)).length
  })
  await line('add a resource attribute', batches, batch => batch.edit({ resource: (_, change) => change.put(zone) }))
  await line('drop one span attribute and add one', batches, batch =>
    batch.edit({
      item(_, change) {
        change.delete(method)
        change.put(tenant)
      },
    }),
  )
  await line('read five fields and one attribute (bytes)', batches, batch => {
    for (const span of batch.spans())
      sink +=
        span.kind +
        span.startLo +
        span.endLo +
        span.statusCode +
        span.nameBytes.length +
        (span.attributeBytes(route)?.length ?? 0)
  })
  await line('the same with name and attribute as text', batches, batch => {
    for (const span of batch.spans())
      sink +=
        span.kind +
        span.startLo +
        span.endLo +
        span.statusCode +
        span.name.length +
        String(span.attribute(route)).length
  })
  await line('write JSON', requests.slice(0, 4), bytes => wireToJson('traces', bytes))
  await line('read JSON', json, bytes => jsonToWire('traces', bytes))
  await line('JSON.parse, for comparison', json, bytes => JSON.parse(Buffer.from(bytes).toString()))
}

async function metrics(name: string, perMetric: number, isHistogram: boolean): Promise<void> {
  const count = 2000
  const table = new SeriesTable()
  const builder = new BatchBuilder(table).at(1_750_000_000_000, 1_749_000_000_000)
  const resource = resourceOf({ 'service.name': 'shop', 'service.instance.id': '7d1cd729ea3f97bf782c3a4730db99f' })
  const bounds = Float64Array.from({ length: 14 }, (_, i) => 0.005 * 2 ** i)
  const make = isHistogram ? histogram : counter
  let descriptor = make('', '')
  for (let i = 0; i < count; i++) {
    if (i % perMetric === 0) descriptor = make(`http.server.requests.${i / perMetric}`, 'Requests that were served.')
    const attributes = encodeAttributes([
      ['http.request.method', 'GET'],
      ['http.route', `/api/v1/products/${i % perMetric}`],
      ['http.response.status_code', 200n],
      ['server.address', 'shop.example.com'],
    ])
    const series = builder.ref(table.keys.key(resource, NO_SCOPE, descriptor, attributes))
    if (isHistogram)
      builder.distribution(series, {
        count: 105,
        sum: 12.5,
        bounds,
        counts: Float64Array.from({ length: 15 }, (_, n) => n),
      })
    else builder.number(series, i)
  }
  const request = writeMetrics(builder.finish(origin))
  const reader = new MetricsReader(table)
  const first = reader.read(request, origin)
  for (let i = 0; i < count; i++) table.intern(first.key(i))
  const known = reader.read(request, origin)
  const line = async (what: string, work: () => unknown) =>
    console.log(`${name.padEnd(22)} ${what.padEnd(42)} ${await measure([0, 1, 2, 3], count, work)} µs a point`)
  console.log(`${name}: ${count} points of ${Math.round(request.length / count)} bytes`)
  await line('read, series known', () => reader.read(request, origin))
  await line('write, series known', () => writeMetrics(known))
  const stranger = new MetricsReader(new SeriesTable())
  await line('read, series unknown', () => stranger.read(request, origin))
}

await traces('full spans', larger(file('real_traces.bin'), 13))
await traces('small spans', file('small_traces.bin'))
await metrics('numbers, 20 a metric', 20, false)
await metrics('numbers, 1 a metric', 1, false)
await metrics('histograms', 20, true)
if (sink === 0.5) console.log(sink)
