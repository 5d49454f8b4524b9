// OTLP receive: CPU of the `otlp` receiver alone, into a pipeline that takes everything at once, by protocol and size of batch.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:http2'
import { otlp } from '../receivers/otlp/receiver.ts'
import { systemClock } from '../src/component/clock.ts'
import type { Next } from '../src/component/types.ts'
import { createListeners } from '../src/net/listeners.ts'
import { createYoungMemory } from '../src/net/young_memory.ts'
import { freePort } from '../test/support/ports.ts'
import { fakeSettings, RecordedLog } from '../test/support/settings.ts'
import { payloadSets } from './otlp_payloads.ts'

const ROUNDS = 5
const CLIENTS = 8
const SPANS_PER_ROUND = 400_000
const PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

interface Usage {
  spans: number
  cpuUs: number
  rssMb: number
}

if (process.argv[2] === 'serve') await serve(Number(process.argv[3]), Number(process.argv[4]))
else await measure()

/** The measured process: answers each message from its parent with what it used since the last one. */
async function serve(grpcPort: number, httpPort: number): Promise<void> {
  const listeners = createListeners({ log: new RecordedLog(), clock: systemClock, memory: createYoungMemory() })
  let spans = 0
  const next: Next = {
    traces: {
      async consume(batch) {
        spans += batch.itemCount
      },
    },
  }
  const protocols = {
    grpc: { endpoint: `127.0.0.1:${grpcPort}`, max_recv_msg_size_mib: 16 },
    http: { endpoint: `127.0.0.1:${httpPort}` },
  }
  await otlp.create(otlp.config.parse({ protocols }), next, fakeSettings({ id: 'otlp', listeners })).start?.()
  let last = process.cpuUsage()
  process.on('message', () => {
    const { user, system } = process.cpuUsage(last)
    process.send?.({ spans, cpuUs: user + system, rssMb: process.memoryUsage.rss() / 1e6 } satisfies Usage)
    last = process.cpuUsage()
    spans = 0
  })
  process.send?.('ready')
}

async function measure(): Promise<void> {
  const [grpcPort, httpPort] = [await freePort(), await freePort()]
  const server = fork(import.meta.filename, ['serve', String(grpcPort), String(httpPort)])
  await once(server, 'message')
  const usage = async (): Promise<Usage> => {
    server.send('usage')
    return (await once(server, 'message'))[0]
  }
  const senders = { gRPC: grpcSender(grpcPort), HTTP: httpSender(httpPort) }
  for (const set of payloadSets()) {
    const perSpan = new Map(Object.keys(senders).map(name => [name, [] as number[]]))
    let rssMb = 0
    for (let round = 0; round <= ROUNDS; round++)
      for (const [name, send] of Object.entries(senders)) {
        await usage()
        await drive(send, set.requests, Math.ceil(SPANS_PER_ROUND / set.spans))
        const used = await usage()
        // The first round warms up.
        if (round > 0) perSpan.get(name)?.push(used.cpuUs / used.spans)
        rssMb = Math.max(rssMb, used.rssMb)
      }
    for (const [name, values] of perSpan) {
      const median = values.toSorted((a, b) => a - b)[ROUNDS >> 1]
      const perRequest = median * set.spans
      console.log(
        `${name}  ${set.name}: ${median.toFixed(3)} µs a span, ${perRequest.toFixed(0)} µs a request (median of ${ROUNDS}; RSS ${rssMb.toFixed(0)} MB)`,
      )
    }
  }
  server.kill()
  process.exit()
}

type Send = (body: Buffer) => Promise<void>

async function drive(send: Send, bodies: readonly Buffer[], count: number): Promise<void> {
  let sent = 0
  const worker = async () => {
    while (sent < count) await send(bodies[sent++ % bodies.length])
  }
  await Promise.all(Array.from({ length: CLIENTS }, worker))
}

function grpcSender(port: number): Send {
  const session = connect(`http://127.0.0.1:${port}`)
  const headers = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' }
  return body =>
    new Promise((resolve, reject) => {
      const stream = session.request(headers)
      stream.once('error', reject)
      stream.once('trailers', ({ 'grpc-status': code }) =>
        code === '0' ? resolve() : reject(new Error(`status ${code}`)),
      )
      stream.resume()
      const prefix = Buffer.alloc(5)
      prefix.writeUInt32BE(body.length, 1)
      stream.end(Buffer.concat([prefix, body]))
    })
}

function httpSender(port: number): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  return body =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
      const sent = request(
        { host: '127.0.0.1', port, path: '/v1/traces', method: 'POST', agent, headers },
        response => {
          response
            .resume()
            .once('end', () => (response.statusCode === 200 ? resolve() : reject(response.statusMessage)))
        },
      )
      sent.once('error', reject)
      sent.end(body)
    })
}
