// What the chain before an exporter costs: queue, batching and sending to an exporter that does nothing.

import { z } from 'zod'
import { systemClock } from '../src/component/clock.ts'
import { ByteBudget } from '../src/exporting/budget.ts'
import { Chain } from '../src/exporting/chain.ts'
import { chainConfigOf, chainFields } from '../src/exporting/config.ts'
import { ItemCounters } from '../src/pipeline/observe.ts'
import { type TraceBatch, WireBatch } from '../src/telemetry/wire_batch.ts'

const ROUNDS = 7
const never = new AbortController().signal
const schema = z.object(chainFields)
const log = { debug() {}, info() {}, warn() {}, error() {} }

/** Two bytes of tag and length, three at most: enough for the headers of these groups. */
function field(tag: number, body: Uint8Array): Buffer {
  const length: number[] = []
  let rest = body.length
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Uint8Array.of(tag, ...length, rest), body])
}

/** One request of `count` spans of `sizeBytes` bytes each, in a buffer of its own. */
function request(count: number, sizeBytes: number): TraceBatch {
  const span = field(18, field(42, new Uint8Array(sizeBytes - 6).fill(97)))
  const bytes = field(10, field(18, Buffer.concat(Array.from({ length: count }, () => span))))
  return new WireBatch('traces', [new Uint8Array(bytes)], count, { receiver: 'bench' })
}

async function run(sending_queue: z.input<typeof schema>['sending_queue'], batches: readonly TraceBatch[]) {
  const counters = new ItemCounters()
  let requests = 0
  const deliver = async (): Promise<void> => {
    requests++
  }
  const settings = { id: 'bench', log, clock: systemClock, budget: new ByteBudget(2 ** 32), report() {} }
  const config = chainConfigOf(schema.parse({ sending_queue }))
  const chain = new Chain({
    exporter: { traces: deliver },
    ordering: 'none',
    config,
    settings,
    counters: () => counters,
  })
  const items = batches.reduce((sum, batch) => sum + batch.itemCount, 0)
  const before = process.cpuUsage()
  for (const [i, batch] of batches.entries()) {
    await chain.traces?.(batch, never)
    if (i % 16 === 15) await new Promise(resolve => setImmediate(resolve))
  }
  await chain.shutdown(AbortSignal.timeout(10_000))
  const { user, system } = process.cpuUsage(before)
  if (counters.sent !== items) throw new Error(`${counters.sent} of ${items} spans were delivered`)
  return { micros: user + system, requests }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]

const CASES = [
  { name: 'batches of 100 spans of 155 B', count: 100, sizeBytes: 155, batches: 20_000 },
  { name: 'batches of 512 spans of 485 B', count: 512, sizeBytes: 485, batches: 4000 },
  { name: 'batches of 8,000 spans of 485 B', count: 8000, sizeBytes: 485, batches: 200 },
]
const SETTINGS: [string, z.input<typeof schema>['sending_queue']][] = [
  ['default', { queue_size: '1GiB' }],
  ['batch: {enabled: false}', { queue_size: '1GiB', batch: { enabled: false } }],
  ['enabled: false', { enabled: false }],
]

console.log('| batches | sending_queue | µs a batch | µs a span | batches a request |\n| --- | --- | --- | --- | --- |')
for (const { name, count, sizeBytes, batches } of CASES) {
  const given = Array.from({ length: batches }, () => request(count, sizeBytes).slices)
  for (const [label, sending_queue] of SETTINGS) {
    const micros: number[] = []
    let requests = 0
    for (let round = 0; round <= ROUNDS; round++) {
      const fresh = given.map(slices => new WireBatch('traces', slices, count, { receiver: 'bench' }))
      const result = await run(sending_queue, fresh)
      requests = result.requests
      if (round > 0) micros.push(result.micros)
    }
    const perBatch = median(micros) / batches
    const figures = [perBatch.toFixed(1), (perBatch / count).toFixed(4), (batches / requests).toFixed(1)]
    console.log(`| ${name} | ${label} | ${figures.join(' | ')} |`)
  }
}
