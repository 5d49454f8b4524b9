import { afterEach, describe, expect, test, vi } from 'vitest'
import { otlpGrpc } from '../../exporters/otlp_grpc/exporter.ts'
import { otlpHttp } from '../../exporters/otlp_http/exporter.ts'
import { systemClock } from '../../src/component/clock.ts'
import type { ExporterDefinition } from '../../src/component/define.ts'
import type { HealthStatus, Next } from '../../src/component/types.ts'
import { RPC } from '../../src/net/rpc_status.ts'
import { Ledger } from '../../src/pipeline/observe.ts'
import { type Attach, Pipelines } from '../../src/pipeline/run.ts'
import { testReceiver } from '../support/components.ts'
import { agentConfig } from '../support/config.ts'
import { imbalances } from '../support/ledger.ts'
import { fakeSettings } from '../support/settings.ts'
import { endGrpcServers, grpcServer, status } from './grpc_servers.ts'
import { endServers, httpSink, type Reply } from './http_servers.ts'
import { traces } from './sending.ts'

afterEach(async () => {
  await endServers()
  await endGrpcServers()
})

const QUICK = {
  compression: 'none',
  sending_queue: { batch: { enabled: false }, num_consumers: 1 },
  retry_on_failure: { initial_interval: '5ms', max_interval: '20ms' },
}

/** A receiver `r` that feeds the exporter `e` through its chain. */
async function chained(definition: ExporterDefinition, given: object) {
  const ledger = new Ledger()
  const held: Next[] = []
  const health: [HealthStatus, string?][] = []
  const attach: Attach = ({ id }, kind, pipeline) => {
    const report = (...said: [HealthStatus, string?]) => void health.push(said)
    return { settings: fakeSettings({ id, kind, pipeline, report }), detach() {} }
  }
  const pipelines = new Pipelines({ ledger, clock: systemClock, attach })
  const config = agentConfig(
    [
      { id: 'r', definition: testReceiver([], next => void held.push(next)) },
      { id: 'e', definition, config: definition.config.parse({ ...QUICK, ...given }) },
    ],
    ['traces: r -> e'],
  )
  await pipelines.apply(config, () => new AbortController().signal)
  const own = ledger.counters('exporter', 'e', 'traces')
  return {
    health,
    offer: (count: number, from = 0) => held[0].traces?.consume(traces(count, from)),
    books() {
      expect(imbalances(ledger, false)).toEqual([])
      return { sent: own.sent, held: own.held, lost: Object.fromEntries(own.dropped) }
    },
    /** The books at the end: everything is accounted for. */
    async stop(deadlineMs = 5000) {
      await pipelines.stop(AbortSignal.timeout(deadlineMs))
      expect(imbalances(ledger)).toEqual([])
      return { sent: own.sent, held: own.held, lost: Object.fromEntries(own.dropped) }
    },
  }
}

describe('through the chain, over HTTP', () => {
  // ExportTraceServiceResponse { partial_success { rejected_spans = 2, error_message = "old" } }
  const partial = Buffer.from([10, 7, 8, 2, 18, 3, ...Buffer.from('old')])

  test('every item is delivered or lost with its reason, whatever the server answers', async () => {
    const replies: Reply[] = [
      response => response.writeHead(503, { 'Retry-After': '0' }).end(),
      response => response.destroy(),
      response => response.writeHead(502).end(),
      response => response.end(),
      response => response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end(partial),
      response => response.writeHead(400).end(),
    ]
    const sink = await httpSink((response, received) => (replies.shift() ?? (it => it.end()))(response, received))
    const { offer, books, stop } = await chained(otlpHttp, { endpoint: sink.url })
    await offer(10)
    await vi.waitFor(() => expect(books()).toEqual({ sent: 10, held: 0, lost: {} }))
    await offer(5)
    await vi.waitFor(() => expect(books()).toEqual({ sent: 13, held: 0, lost: { partial_success: 2 } }))
    await offer(7)
    await vi.waitFor(() => expect(books()).toMatchObject({ held: 0, lost: { partial_success: 2, rejected: 7 } }))
    await offer(1)
    expect(await stop()).toEqual({ sent: 14, held: 0, lost: { partial_success: 2, rejected: 7 } })
    expect(sink.received).toHaveLength(7)
  })

  test('a server that hangs is left by the timeout, and what it did not answer goes out again', async () => {
    let hangs = true
    const sink = await httpSink(response => {
      if (!hangs) response.end()
      hangs = false
    })
    const { offer, stop, books } = await chained(otlpHttp, { endpoint: sink.url, timeout: '50ms' })
    await offer(3)
    await vi.waitFor(() => expect(books()).toEqual({ sent: 3, held: 0, lost: {} }))
    expect(sink.received).toHaveLength(2)
    await stop()
  })

  test('a wrong setting makes the health red, names it and keeps the data until the end', async () => {
    const sink = await httpSink(response => response.writeHead(401).end())
    const { offer, stop, health, books } = await chained(otlpHttp, { endpoint: sink.url })
    await offer(3)
    const message = `${sink.url}/v1/traces answered 401: check exporters.e.headers`
    await vi.waitFor(() => expect(health).toEqual([['unhealthy', message]]))
    expect(books()).toEqual({ sent: 0, held: 3, lost: {} })
    expect(await stop(50)).toEqual({ sent: 0, held: 0, lost: { shutdown: 3 } })
  })
})

describe('through the chain, over gRPC', () => {
  test('every item is delivered or lost with its reason, whatever the server answers', async () => {
    const answers = [
      () => {
        throw status(RPC.UNAVAILABLE, 'not now')
      },
      () => Buffer.alloc(0),
      () => Buffer.from([10, 2, 8, 2]),
      () => {
        throw status(RPC.INVALID_ARGUMENT, 'never')
      },
    ]
    const server = await grpcServer(() => (answers.shift() ?? (() => Buffer.alloc(0)))())
    const { offer, books, stop } = await chained(otlpGrpc, { endpoint: server.endpoint, tls: { insecure: true } })
    await offer(10)
    await vi.waitFor(() => expect(books()).toEqual({ sent: 10, held: 0, lost: {} }))
    await offer(5)
    await offer(7)
    await vi.waitFor(() => expect(books()).toEqual({ sent: 13, held: 0, lost: { partial_success: 2, rejected: 7 } }))
    await stop()
  })

  test('nothing is lost while the server is away', async () => {
    const first = await grpcServer()
    const { offer, books, stop } = await chained(otlpGrpc, { endpoint: first.endpoint, tls: { insecure: true } })
    await offer(1)
    await vi.waitFor(() => expect(books().sent).toBe(1))
    first.end()
    for (let i = 0; i < 20; i++) await offer(10, i * 10)
    const second = await grpcServer(undefined, { address: first.endpoint })
    await vi.waitFor(() => expect(books()).toEqual({ sent: 201, held: 0, lost: {} }), 10_000)
    expect(second.calls.length).toBeGreaterThan(0)
    await stop()
  })
})
