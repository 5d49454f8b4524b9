// OTLP export: CPU of the exporters alone, sending batches of wire slices to a sink in another process, by protocol and compression.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { otlpGrpc } from '../exporters/otlp_grpc/exporter.ts'
import { otlpHttp } from '../exporters/otlp_http/exporter.ts'
import type { Exporter } from '../src/component/types.ts'
import { readTraces } from '../src/otlp/validate.ts'
import { type TraceBatch, WireBatch } from '../src/telemetry/wire_batch.ts'
import { freePort } from '../test/support/ports.ts'
import { fakeSettings } from '../test/support/settings.ts'
import { payloadSets } from './otlp_payloads.ts'

const ROUNDS = 5
const AT_ONCE = 8
const SPANS_PER_ROUND = 200_000
/** Requests that the chain joins into one of the size that it sends by default. */
const JOINED_BYTES = 2 ** 20

if (process.argv[2] === 'sink') sink(Number(process.argv[3]), Number(process.argv[4]))
else await measure()

/** Takes everything and answers with success. */
function sink(httpPort: number, grpcPort: number): void {
  createServer((incoming, response) => incoming.resume().once('end', () => response.end())).listen(
    httpPort,
    '127.0.0.1',
  )
  const server = createHttp2Server({ settings: { initialWindowSize: 2 ** 20 } })
  server.on('session', session => session.setLocalWindowSize(2 ** 24))
  server.on('stream', stream => {
    stream.resume().once('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.alloc(5))
    })
  })
  server.listen(grpcPort, '127.0.0.1', () => process.send?.('ready'))
}

interface Load {
  name: string
  batches: readonly TraceBatch[]
}

function loads(): Load[] {
  return payloadSets().flatMap(({ name, requests }) => {
    const batches = requests.map(request => readTraces(new Uint8Array(request), { receiver: 'bench' }))
    const count = Math.ceil(JOINED_BYTES / batches[0].sizeBytes)
    const joined = WireBatch.concat(Array.from({ length: count }, (_, i) => batches[i % batches.length]))
    return [
      { name, batches },
      { name: `${name}, joined to 1 MiB`, batches: [joined] },
    ]
  })
}

async function measure(): Promise<void> {
  const [httpPort, grpcPort] = [await freePort(), await freePort()]
  const far = fork(import.meta.filename, ['sink', String(httpPort), String(grpcPort)])
  await once(far, 'message')
  const tls = { insecure: true }
  const exporters: [string, Exporter][] = ['none', 'gzip'].flatMap(compression => {
    const http = otlpHttp.config.parse({ endpoint: `http://127.0.0.1:${httpPort}`, compression })
    const grpc = otlpGrpc.config.parse({ endpoint: `127.0.0.1:${grpcPort}`, compression, tls })
    return [
      [`HTTP ${compression}`, otlpHttp.create(http, fakeSettings())] as [string, Exporter],
      [`gRPC ${compression}`, otlpGrpc.create(grpc, fakeSettings())] as [string, Exporter],
    ]
  })
  for (const [, exporter] of exporters) await exporter.start?.()
  for (const load of loads()) await compare(load, exporters)
  for (const [, exporter] of exporters) await exporter.shutdown?.(AbortSignal.abort())
  far.kill()
}

/** Interleaved rounds, after one that warms up. */
async function compare({ name, batches }: Load, exporters: readonly [string, Exporter][]): Promise<void> {
  const perSpan = new Map(exporters.map(([way]) => [way, [] as number[]]))
  const { itemCount } = batches[0]
  for (let round = 0; round <= ROUNDS; round++)
    for (const [way, exporter] of exporters) {
      const used = await cpuUs(exporter, batches, Math.ceil(SPANS_PER_ROUND / itemCount))
      if (round > 0) perSpan.get(way)?.push(used / itemCount)
    }
  for (const [way, values] of perSpan) {
    const median = values.toSorted((a, b) => a - b)[ROUNDS >> 1]
    console.log(`${way}  ${name}: ${median.toFixed(3)} µs a span, ${(median * itemCount).toFixed(0)} µs a request`)
  }
}

/** Microseconds of CPU of this process for one request. */
async function cpuUs(exporter: Exporter, batches: readonly TraceBatch[], count: number): Promise<number> {
  const { signal } = new AbortController()
  const before = process.cpuUsage()
  let sent = 0
  const worker = async () => {
    while (sent < count) await exporter.traces?.(batches[sent++ % batches.length], signal)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}
