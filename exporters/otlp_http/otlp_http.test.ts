import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeStatus, RPC, RpcError } from '../../src/net/rpc_status.ts'
import { snappyDecompress } from '../../src/net/snappy.ts'
import { framedSnappyDecompress } from '../../src/net/snappy_frames.ts'
import { endServers, httpSink, rawSink, silentSink } from '../../test/otlp_export/http_servers.ts'
import { endSenders, failure, logs, sender, traces } from '../../test/otlp_export/sending.ts'
import { judged, type Plain, requestType } from '../../test/otlp_wire/schema.ts'
import { FakeClock } from '../../test/support/clock.ts'
import { everyKind } from '../../test/support/generate.ts'
import { otlpHttp } from './exporter.ts'

afterEach(async () => {
  await endSenders()
  await endServers()
})

const PROTOBUF = { 'Content-Type': 'application/x-protobuf' }
const plain = { compression: 'none' }

describe('a request', () => {
  test.each([
    ['none', (body: Buffer) => body],
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
    ['zlib', inflateSync],
    ['zstd', zstdDecompressSync],
    ['snappy', (body: Buffer) => snappyDecompress(body, 1e6)],
    ['x-snappy-framed', (body: Buffer) => framedSnappyDecompress(body, 1e6)],
  ])('carries the bytes of the batch, compressed by %s', async (compression, decompress) => {
    const sink = await httpSink()
    const { send } = await sender(otlpHttp, { endpoint: sink.url, compression })
    const batch = traces()
    await send(batch)
    const [{ method, path, headers, body }] = sink.received
    expect([method, path, headers['content-type']]).toEqual(['POST', '/v1/traces', 'application/x-protobuf'])
    expect(headers['content-encoding']).toBe(compression === 'none' ? undefined : compression)
    expect(headers['content-length']).toBe(String(body.length))
    expect(Buffer.compare(decompress(body), batch.encode())).toBe(0)
  })

  test('is what the official schema reads, for each signal at its own path', async () => {
    const sink = await httpSink()
    const { send, settings } = await sender(otlpHttp, { endpoint: `${sink.url}/otlp/`, ...plain })
    await send(logs())
    await send(everyKind(settings.series))
    expect(sink.received.map(({ path }) => path)).toEqual(['/otlp/v1/logs', '/otlp/v1/metrics'])
    const records = judged(requestType('logs'), sink.received[0].body).resourceLogs[0].scopeLogs[0].logRecords
    expect(records.map((record: { body: { stringValue: string } }) => record.body.stringValue)).toEqual([
      'line 0',
      'line 1',
    ])
    const metrics = judged(requestType('metrics'), sink.received[1].body).resourceMetrics[0].scopeMetrics[0].metrics
    expect(metrics.length).toBeGreaterThan(5)
  })

  test('is OTLP/JSON where that is asked for, also of a batch that is written in several turns', async () => {
    const sink = await httpSink()
    const { send, settings } = await sender(otlpHttp, { endpoint: sink.url, encoding: 'json' })
    await send(traces(10_000))
    await send(logs())
    await send(everyKind(settings.series))
    expect(sink.received.map(({ headers }) => headers['content-type'])).toEqual(Array(3).fill('application/json'))
    const [spans, records, metrics] = sink.received.map(({ body }) => JSON.parse(gunzipSync(body).toString()))
    const names = spans.resourceSpans.flatMap((group: Plain) =>
      group.scopeSpans[0].spans.map((span: Plain) => span.name),
    )
    expect(names).toEqual(Array.from({ length: 10_000 }, (_, i) => `span ${i}`))
    expect(records.resourceLogs[0].scopeLogs[0].logRecords[1].body).toEqual({ stringValue: 'line 1' })
    expect(metrics.resourceMetrics[0].scopeMetrics[0].metrics.length).toBeGreaterThan(5)
  })

  test('of a batch in many slices arrives in one piece', async () => {
    const sink = await httpSink()
    const { send } = await sender(otlpHttp, { endpoint: sink.url, ...plain })
    const parts = Array.from({ length: 40 }, (_, i) => traces(3, i * 3))
    const { WireBatch } = await import('../../src/telemetry/wire_batch.ts')
    await send(WireBatch.concat(parts))
    expect(judged(requestType('traces'), sink.received[0].body).resourceSpans).toHaveLength(40)
  })

  test('goes to the address of its signal where there is one', async () => {
    const sink = await httpSink()
    const { send } = await sender(otlpHttp, { endpoint: 'http://127.0.0.1:1', traces_endpoint: `${sink.url}/in?key=1` })
    await send(traces())
    expect(sink.received[0].path).toBe('/in?key=1')
  })

  test('has the headers of the config, of the authenticator and our name', async () => {
    const sink = await httpSink()
    const token = { n: 0 }
    const clientAuth = { headers: () => ({ authorization: `Bearer ${++token.n}` }) }
    const headers = { 'X-Tenant': 'shop', Authorization: 'replaced' }
    const own = { endpoint: sink.url, headers, auth: { authenticator: 'bearer_token_auth' } }
    const { send } = await sender(otlpHttp, own, { extensions: { bearer_token_auth: { clientAuth } } })
    await send(traces())
    await send(traces())
    expect(sink.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2'])
    expect(sink.received[0].headers).toMatchObject({ 'x-tenant': 'shop', 'user-agent': 'millrace/0.0.0' })
  })

  test('logs in by the user and password of the address, which no message shows', async () => {
    const sink = await httpSink(response => response.writeHead(401).end())
    const { send } = await sender(otlpHttp, { endpoint: sink.url.replace('://', '://me:s%40fe@') })
    const { message } = await failure(send(traces()))
    expect(sink.received[0].headers.authorization).toBe(`Basic ${Buffer.from('me:s@fe').toString('base64')}`)
    expect(message).toBe(`${sink.url}/v1/traces answered 401`)
  })

  test('uses the connection of the one before', async () => {
    const sink = await httpSink()
    const { send } = await sender(otlpHttp, { endpoint: sink.url })
    for (let i = 0; i < 3; i++) await send(traces())
    expect(new Set(sink.received.map(({ from }) => from)).size).toBe(1)
  })

  test('uses one of its own with disable_keep_alives', async () => {
    const sink = await httpSink()
    const { send } = await sender(otlpHttp, { endpoint: sink.url, disable_keep_alives: true })
    for (let i = 0; i < 3; i++) await send(traces())
    expect(new Set(sink.received.map(({ from }) => from)).size).toBe(3)
  })

  test('finds its connection closed after idle_conn_timeout, counted from the last one', async () => {
    const clock = new FakeClock()
    const sink = await httpSink()
    const { send } = await sender(otlpHttp, { endpoint: sink.url, idle_conn_timeout: '10s' }, { clock })
    for (const waitMs of [0, 9999, 9999, 10_000]) {
      await clock.advance(waitMs)
      await send(traces())
    }
    const [first, second, third, fourth] = sink.received.map(({ from }) => from)
    expect([second, third]).toEqual([first, first])
    expect(fourth).not.toBe(first)
  })

  test('that meets a connection closed meanwhile goes out on a new one', async () => {
    const sink = await httpSink()
    sink.server.on('request', ({ socket }) => socket.once('data', () => socket.destroy()))
    const { send } = await sender(otlpHttp, { endpoint: sink.url })
    await send(traces())
    await send(traces())
    expect(new Set(sink.received.map(({ from }) => from)).size).toBe(2)
  })
})

describe('an answer', () => {
  const answering = async (
    status: number,
    headers: Record<string, string> = {},
    body: string | Uint8Array = '',
    over = {},
  ) => {
    const sink = await httpSink(response => response.writeHead(status, headers).end(body))
    const { send } = await sender(otlpHttp, { endpoint: sink.url }, over)
    return { url: `${sink.url}/v1/traces`, result: failure(send(traces())) }
  }

  test.each([429, 502, 503, 504])('%i is tried again', async status => {
    const { url, result } = await answering(status)
    expect(await result).toEqual({ name: 'Error', message: `${url} answered ${status}` })
  })

  test.each([429, 503])('%i with Retry-After is tried again after it', async status => {
    const { result } = await answering(status, { 'Retry-After': '7' })
    expect(await result).toMatchObject({ name: 'ThrottledError', retryAfterMs: 7000 })
  })

  test('with a Retry-After that is a date counts from now', async () => {
    const clock = new FakeClock()
    const date = new Date(clock.nowMs() + 90_000).toUTCString()
    const { result } = await answering(503, { 'Retry-After': date }, '', { clock })
    expect(await result).toMatchObject({ name: 'ThrottledError', retryAfterMs: 90_000 })
  })

  test.each([
    ['a date that is past', 'Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['more than an hour', '999999999999', 3_600_000],
  ])('with a Retry-After of %s is bounded', async (_, value, retryAfterMs) => {
    const { result } = await answering(503, { 'Retry-After': value })
    expect(await result).toMatchObject({ name: 'ThrottledError', retryAfterMs })
  })

  test('with a Retry-After that is nonsense is tried again as ever', async () => {
    const { result } = await answering(503, { 'Retry-After': 'soon' })
    expect(await result).toMatchObject({ name: 'Error' })
  })

  test.each([
    [401, 'exporters.otlp_http.headers'],
    [403, 'exporters.otlp_http.headers'],
    [404, 'exporters.otlp_http.endpoint'],
    [407, 'exporters.otlp_http.proxy_url'],
  ])('%i blames %s and keeps the data', async (status, configKey) => {
    const { result } = await answering(status)
    expect(await result).toMatchObject({ name: 'MisconfiguredError', configKey })
  })

  test.each([301, 302, 307, 308])('%i is not followed, and says where it leads', async status => {
    const elsewhere = await httpSink()
    const { url, result } = await answering(status, { Location: elsewhere.url })
    const message = `${url} answered ${status} (to ${elsewhere.url}); redirects are not followed`
    expect(await result).toEqual({ name: 'MisconfiguredError', configKey: 'exporters.otlp_http.endpoint', message })
    expect(elsewhere.received).toEqual([])
  })

  test.each([400, 405, 408, 410, 422, 500, 501, 505])('%i is never tried again', async status => {
    const { result } = await answering(status)
    expect(await result).toMatchObject({ name: 'PermanentError', reason: 'rejected' })
  })

  test('413 says which setting to lower', async () => {
    const { result } = await answering(413)
    expect((await result).message).toMatch(/413: lower exporters\.otlp_http\.sending_queue\.batch\.max_size$/)
  })

  const status = new RpcError(RPC.INVALID_ARGUMENT, 'no such tenant')
  test.each([
    ['protobuf', 'application/x-protobuf', encodeStatus(status)],
    ['JSON', 'application/json; charset=utf-8', '{"code":3,"message":"no such tenant"}'],
    ['plain text', 'text/plain', 'no such\n tenant\n'],
  ])('has its message shown, from %s', async (_, type, body) => {
    const { url, result } = await answering(400, { 'Content-Type': type }, body)
    expect((await result).message).toBe(`${url} answered 400: no such tenant`)
  })

  test.each([
    ['broken protobuf', 'application/x-protobuf', 'rubbish'],
    ['broken JSON', 'application/json', '{'],
    ['a page', 'text/html', '<html>'],
  ])('that is %s is known by its status alone', async (_, type, body) => {
    const { url, result } = await answering(400, { 'Content-Type': type }, body)
    expect((await result).message).toBe(`${url} answered 400`)
  })
})

describe('a success', () => {
  // ExportTraceServiceResponse { partial_success { rejected_spans = 2, error_message = "too old" } }
  const partial = Buffer.from([10, 11, 8, 2, 18, 7, ...Buffer.from('too old')])

  const delivered = async (headers: Record<string, string>, body: string | Uint8Array) => {
    const sink = await httpSink(response => response.writeHead(200, headers).end(body))
    const { send, log } = await sender(otlpHttp, { endpoint: sink.url })
    const results = [await send(traces()), await send(traces())]
    return { results, lines: log.lines.map(line => line.replace(sink.url, 'URL')) }
  }

  test.each([
    ['protobuf', PROTOBUF, partial],
    [
      'JSON',
      { 'Content-Type': 'application/json' },
      '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}',
    ],
  ])('in part says how many items are lost, in %s, and the log why, once', async (_, headers, body) => {
    const { results, lines } = await delivered(headers, body)
    const lost = { rejected: 2, reason: 'partial_success' }
    expect(results).toEqual([lost, lost])
    expect(lines).toEqual(['warn: URL/v1/traces rejects some of the traces: too old'])
  })

  test('with a message and nothing rejected is a warning', async () => {
    const { results, lines } = await delivered(PROTOBUF, Buffer.from([10, 9, 18, 7, ...Buffer.from('upgrade')]))
    expect([results, lines]).toEqual([[undefined, undefined], ['warn: URL/v1/traces warns: upgrade']])
  })

  test('with fewer than no items rejected rejects none', async () => {
    const minusOne = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]
    const { results } = await delivered(PROTOBUF, Buffer.from([10, 11, 8, ...minusOne]))
    expect(results).toEqual([undefined, undefined])
  })

  test.each([
    ['broken protobuf', PROTOBUF, 'rubbish', /can't be read/],
    ['a page', { 'Content-Type': 'text/html' }, '<html>', /answered with text\/html, which no OTLP server does/],
    ['a huge body', PROTOBUF, Buffer.alloc(10_000_000), /too long/],
  ])('whose body is %s is delivered all the same, and the log says so', async (_, headers, body, said) => {
    const { results, lines } = await delivered(headers, body)
    expect(results).toEqual([undefined, undefined])
    expect(lines).toEqual([expect.stringMatching(said)])
  })

  test('is one after an interim answer too', async () => {
    const sink = await httpSink(response => {
      response.writeContinue()
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.end()
    })
    const { send } = await sender(otlpHttp, { endpoint: sink.url })
    expect(await send(traces())).toBeUndefined()
  })
})

describe('a failed exchange', () => {
  const attempt = async (sink: { url: string }, signal?: AbortSignal) => {
    const { send } = await sender(otlpHttp, { endpoint: sink.url })
    return failure(send(traces(), signal))
  }

  test.each([
    ['closed before it answers', '', /closed the connection before it answered/],
    [
      'closed inside the headers',
      'HTTP/1.1 200 OK\r\nContent-',
      /closed the connection before it answered|does not answer/,
    ],
    ['closed inside the body', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf', /the answer ended early/],
    [
      'broken inside a chunk',
      'HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nhalf',
      /the answer ended early/,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2p1\r\n', /does not answer in HTTP\/1\.1/],
    ['HTTP/2', Buffer.from('00000c0400000000000003000000640004000003e8', 'hex'), /does not answer in HTTP\/1\.1/],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      /./,
    ],
  ])('is tried again: %s', async (_, bytes, said) => {
    expect(await attempt(await rawSink(bytes))).toEqual({ name: 'Error', message: expect.stringMatching(said) })
  })

  test('is tried again: nobody there', async () => {
    const result = await attempt({ url: 'http://127.0.0.1:1' })
    expect(result).toEqual({ name: 'Error', message: expect.stringContaining("can't connect to 127.0.0.1:1") })
  })

  test('is tried again: a host that no name server knows', async () => {
    const result = await attempt({ url: 'http://nowhere.invalid:4318' })
    expect(result).toEqual({ name: 'Error', message: expect.stringContaining("can't connect to nowhere.invalid:4318") })
  })

  test('ends when its time is up, and takes the connection with it', async () => {
    const sink = await silentSink()
    const controller = new AbortController()
    const { send } = await sender(otlpHttp, { endpoint: sink.url })
    const result = failure(send(traces(), controller.signal))
    setImmediate(() => controller.abort(new Error('no answer within 30000 ms')))
    expect(await result).toEqual({ name: 'Error', message: 'no answer within 30000 ms' })
  })

  test('ends when the answer does not, at the time that is set', async () => {
    const controller = new AbortController()
    const sink = await rawSink('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf', () =>
      controller.abort(new Error('late')),
    )
    const result = await attempt(sink, controller.signal)
    expect(result).toEqual({ name: 'Error', message: 'late' })
  })

  test('is none when the server answers before it has read everything', async () => {
    const sink = await rawSink('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n', () => {})
    const { send } = await sender(otlpHttp, { endpoint: sink.url, ...plain })
    expect(await failure(send(traces(100_000)))).toMatchObject({ name: 'PermanentError' })
  })
})
