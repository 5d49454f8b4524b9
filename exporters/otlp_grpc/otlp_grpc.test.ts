import { buffer } from 'node:stream/consumers'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeStatus, RPC, RpcError } from '../../src/net/rpc_status.ts'
import { framedSnappyCompress, framedSnappyDecompress } from '../../src/net/snappy_frames.ts'
import { endGrpcServers, grpcServer, http2Server, status } from '../../test/otlp_export/grpc_servers.ts'
import { endSenders, failure, logs, sender, traces } from '../../test/otlp_export/sending.ts'
import { judged, requestType } from '../../test/otlp_wire/schema.ts'
import { everyKind } from '../../test/support/generate.ts'
import { otlpGrpc } from './exporter.ts'

afterEach(async () => {
  await endSenders()
  await endGrpcServers()
})

const tls = { insecure: true }
const SERVICE = '/opentelemetry.proto.collector'

describe('a call', () => {
  test.each(['none', 'gzip', 'deflate'])(
    'carries the bytes of the batch to grpc-js, compressed by %s',
    async compression => {
      const server = await grpcServer()
      const { send } = await sender(otlpGrpc, { endpoint: server.endpoint, tls, compression })
      const batch = traces(500)
      await send(batch)
      const [{ path, message }] = server.calls
      expect(path).toBe(`${SERVICE}.trace.v1.TraceService/Export`)
      expect(Buffer.compare(message, batch.encode())).toBe(0)
    },
  )

  test.each([
    ['zstd', zstdDecompressSync],
    ['snappy', (bytes: Buffer) => framedSnappyDecompress(bytes, 1e6)],
  ])(
    'carries the bytes of the batch, compressed by %s, and reads an answer that is too',
    async (encoding, decompress) => {
      const bodies: Buffer[] = []
      // ExportTraceServiceResponse { partial_success { rejected_spans = 2 } }
      const partial = Buffer.from([10, 2, 8, 2])
      const answer = encoding === 'zstd' ? zstdCompressSync(partial) : Buffer.from(framedSnappyCompress(partial))
      const server = await http2Server((stream, headers) => {
        expect(headers['grpc-encoding']).toBe(encoding)
        void buffer(stream).then(body => {
          bodies.push(body)
          const said = { ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': encoding }
          stream.respond(said, { waitForTrailers: true })
          stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
          stream.end(Buffer.concat([Buffer.from([1, 0, 0, 0, answer.length]), answer]))
        })
      })
      const { send } = await sender(otlpGrpc, { endpoint: server.endpoint, tls, compression: encoding })
      const batch = traces(500)
      expect(await send(batch)).toEqual({ rejected: 2, reason: 'partial_success' })
      const [body] = bodies
      expect([body[0], body.readUInt32BE(1)]).toEqual([1, body.length - 5])
      expect(Buffer.compare(decompress(body.subarray(5)), batch.encode())).toBe(0)
    },
  )

  test('is what the official schema reads, for each signal at its own service', async () => {
    const server = await grpcServer()
    const { send, settings } = await sender(otlpGrpc, { endpoint: server.endpoint, tls })
    await send(logs())
    await send(everyKind(settings.series))
    expect(server.calls.map(({ path }) => path)).toEqual([
      `${SERVICE}.logs.v1.LogsService/Export`,
      `${SERVICE}.metrics.v1.MetricsService/Export`,
    ])
    const records = judged(requestType('logs'), server.calls[0].message).resourceLogs[0].scopeLogs[0].logRecords
    expect(records[1].body).toEqual({ stringValue: 'line 1' })
    const metrics = judged(requestType('metrics'), server.calls[1].message).resourceMetrics[0].scopeMetrics[0].metrics
    expect(metrics.length).toBeGreaterThan(5)
  })

  test('has the metadata of the config and of the authenticator, our name and the deadline', async () => {
    const server = await grpcServer()
    const token = { n: 0 }
    const clientAuth = { headers: () => ({ authorization: `Bearer ${++token.n}` }) }
    const headers = { 'X-Tenant': 'shop', 'trace-bin': 'ünï' }
    const own = { endpoint: server.endpoint, tls, headers, timeout: '7s', auth: { authenticator: 'bearer_token_auth' } }
    const { send } = await sender(otlpGrpc, own, { extensions: { bearer_token_auth: { clientAuth } } })
    await send(traces())
    await send(traces())
    expect(server.calls.map(({ metadata }) => metadata.authorization)).toEqual(['Bearer 1', 'Bearer 2'])
    const [{ metadata, deadlineMs }] = server.calls
    expect(metadata).toMatchObject({
      'x-tenant': 'shop',
      'user-agent': 'millrace/0.0.0',
      'trace-bin': Buffer.from('ünï'),
    })
    expect(deadlineMs).toBeGreaterThan(5000)
    expect(deadlineMs).toBeLessThanOrEqual(7000)
  })

  test('has no deadline when there is no timeout, and the name that user_agent gives', async () => {
    const server = await grpcServer()
    const { send } = await sender(otlpGrpc, { endpoint: server.endpoint, tls, timeout: 0, user_agent: 'shop/1' })
    await send(traces())
    expect(server.calls[0].deadlineMs).toBeUndefined()
    expect(server.calls[0].metadata['user-agent']).toBe('shop/1')
  })

  test('shares its connection with others at the same time', async () => {
    const waiting: (() => void)[] = []
    const server = await grpcServer(async () => {
      await new Promise<void>(resolve => {
        waiting.push(resolve)
        if (waiting.length === 10) for (const go of waiting) go()
      })
      return Buffer.alloc(0)
    })
    const { send } = await sender(otlpGrpc, { endpoint: server.endpoint, tls })
    await Promise.all(Array.from({ length: 10 }, () => send(traces(2000))))
    expect(new Set(server.calls.map(({ peer }) => peer)).size).toBe(1)
  })

  test('waits its turn where the server takes few at a time', async () => {
    const server = await grpcServer(undefined, { options: { 'grpc.max_concurrent_streams': 2 } })
    const { send } = await sender(otlpGrpc, { endpoint: server.endpoint, tls })
    await Promise.all(Array.from({ length: 20 }, () => send(traces())))
    expect(server.calls).toHaveLength(20)
  })

  test('larger than every window arrives whole', async () => {
    const server = await grpcServer(undefined, { options: { 'grpc.max_receive_message_length': 2 ** 25 } })
    const { send } = await sender(otlpGrpc, { endpoint: server.endpoint, tls, compression: 'none' })
    const batch = traces(100_000)
    await send(batch)
    expect(Buffer.compare(server.calls[0].message, batch.encode())).toBe(0)
  })
})

describe('a status', () => {
  const answering = async (code: number, details = 'because', metadata = {}) => {
    const server = await grpcServer(() => {
      throw status(code, details, metadata)
    })
    const { send } = await sender(otlpGrpc, { endpoint: server.endpoint, tls })
    const result = await failure(send(traces()))
    return { ...result, message: String(result.message).replace(server.endpoint, 'HOST') }
  }
  const retryInfo = (code: number, retryAfterMs: number) => ({
    'grpc-status-details-bin': Buffer.from(encodeStatus(new RpcError(code as 14, 'because', { retryAfterMs }))),
  })

  test.each(['CANCELLED', 'DEADLINE_EXCEEDED', 'ABORTED', 'OUT_OF_RANGE', 'UNAVAILABLE', 'DATA_LOSS'] as const)(
    '%s is tried again',
    async name => {
      expect(await answering(RPC[name])).toEqual({ name: 'Error', message: `HOST answered ${name}: because` })
    },
  )

  test.each(['UNAVAILABLE', 'RESOURCE_EXHAUSTED'] as const)('%s with RetryInfo is tried again after it', async name => {
    const result = await answering(RPC[name], 'because', retryInfo(RPC[name], 2500))
    expect(result).toMatchObject({ name: 'ThrottledError', retryAfterMs: 2500 })
  })

  test('whose RetryInfo asks for days is tried again after an hour', async () => {
    const result = await answering(RPC.UNAVAILABLE, '', retryInfo(RPC.UNAVAILABLE, 1e9))
    expect(result).toMatchObject({ name: 'ThrottledError', retryAfterMs: 3_600_000 })
  })

  test('RESOURCE_EXHAUSTED alone is never tried again, and says which setting to lower', async () => {
    const message = 'HOST answered RESOURCE_EXHAUSTED: because: lower exporters.otlp_grpc.sending_queue.batch.max_size'
    expect(await answering(RPC.RESOURCE_EXHAUSTED)).toEqual({ name: 'PermanentError', reason: 'rejected', message })
  })

  test.each([
    ['UNKNOWN', 2],
    ['INVALID_ARGUMENT', 3],
    ['NOT_FOUND', 5],
    ['ALREADY_EXISTS', 6],
    ['FAILED_PRECONDITION', 9],
    ['INTERNAL', 13],
    ['code 42', 42],
  ])('%s is never tried again, not even with RetryInfo', async (name, code) => {
    const message = expect.stringContaining(`HOST answered ${name}: because`)
    expect(await answering(code, 'because', retryInfo(code, 1000))).toEqual({
      name: 'PermanentError',
      reason: 'rejected',
      message,
    })
  })

  test.each([
    ['UNAUTHENTICATED', 'because', 'headers'],
    ['PERMISSION_DENIED', 'because', 'headers'],
    ['UNIMPLEMENTED', 'because', 'endpoint'],
    ['UNIMPLEMENTED', 'Decompressor is not installed for grpc-encoding "gzip"', 'compression'],
  ] as const)('%s (%s) blames %s and keeps the data', async (name, details, key) => {
    const result = await answering(RPC[name], details)
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: `exporters.otlp_grpc.${key}` })
  })

  test('has its message shown as it was meant', async () => {
    const { message } = await answering(RPC.INVALID_ARGUMENT, '100 % größer')
    expect(message).toBe('HOST answered INVALID_ARGUMENT: 100 % größer')
  })

  test('with details that are rubbish is the status that it is', async () => {
    const result = await answering(RPC.UNAVAILABLE, 'because', { 'grpc-status-details-bin': Buffer.from('rubbish') })
    expect(result).toMatchObject({ name: 'Error' })
  })
})

describe('a success', () => {
  const answered = async (answer: Buffer, options = {}) => {
    const server = await grpcServer(() => answer, { options })
    const { send, log } = await sender(otlpGrpc, { endpoint: server.endpoint, tls })
    const result = await send(traces())
    return { result, lines: log.lines.map(line => line.replace(server.endpoint, 'HOST')) }
  }
  // ExportTraceServiceResponse { partial_success { rejected_spans = 2, error_message = "too old" } }
  const partial = Buffer.from([10, 11, 8, 2, 18, 7, ...Buffer.from('too old')])

  test.each([
    ['', {}],
    [', compressed', { 'grpc.default_compression_algorithm': 2 }],
  ])('in part says how many items are lost, and the log why%s', async (_, options) => {
    const { result, lines } = await answered(partial, options)
    expect(result).toEqual({ rejected: 2, reason: 'partial_success' })
    expect(lines).toEqual(['warn: HOST rejects some of the traces: too old'])
  })

  test('without a message is one without more', async () => {
    expect(await answered(Buffer.alloc(0))).toEqual({ result: undefined, lines: [] })
  })

  test.each([
    ['rubbish', Buffer.from('rubbish')],
    ['huge', Buffer.alloc(1_000_000)],
  ])('whose message is %s is delivered all the same, and the log says so', async (_, message) => {
    const { result, lines } = await answered(message)
    expect(result).toBeUndefined()
    expect(lines).toEqual([expect.stringContaining("the answer of HOST can't be read")])
  })
})
