import { mkdtempSync, rmSync } from 'node:fs'
import { constants } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerCredentials } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { otlpGrpc } from '../../exporters/otlp_grpc/exporter.ts'
import { FakeClock } from '../support/clock.ts'
import { Authority } from './certificates.ts'
import { answerOk, endGrpcServers, grpcServer, http2Server } from './grpc_servers.ts'
import { endServers, httpSink, listening, proxyServer, rawSink, silentSink } from './http_servers.ts'
import { endSenders, failure, sender, traces } from './sending.ts'

const authority = new Authority()
const server = authority.issue('server', 'DNS:gateway.example,IP:127.0.0.1')
const client = authority.issue('client', 'DNS:agent.example')
const ca_file = authority.caFile
const insecure = { insecure: true }

beforeEach(() => {
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy']) vi.stubEnv(name, undefined)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await endSenders()
  await endGrpcServers()
  await endServers()
})
afterAll(() => rmSync(authority.folder, { recursive: true }))

const attempt = async (given: object, signal?: AbortSignal) =>
  failure((await sender(otlpGrpc, given)).send(traces(), signal))

describe('a server that goes away', () => {
  test('answers what it took, and what comes next goes to a new connection', async () => {
    const far = await http2Server((stream, _, session) => {
      if (far.sessions.length === 1) session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1)
      setImmediate(() => answerOk(stream))
    })
    const { send } = await sender(otlpGrpc, { endpoint: far.endpoint, tls: insecure })
    expect(await send(traces())).toBeUndefined()
    expect(await send(traces())).toBeUndefined()
    expect(far.sessions).toHaveLength(2)
  })

  test('loses no call that it did not take: these go out on a new connection', async () => {
    const taken: number[] = []
    const far = await http2Server((stream, _, session) => {
      const first = far.sessions.length === 1
      taken.push(stream.id ?? 0)
      if (!first) return answerOk(stream)
      // It takes only its first stream, and ends the others unread.
      if (stream.id === 1) {
        session.goaway(constants.NGHTTP2_NO_ERROR, 1)
        setImmediate(() => answerOk(stream))
      }
    })
    const { send } = await sender(otlpGrpc, { endpoint: far.endpoint, tls: insecure })
    const results = await Promise.all([send(traces()), send(traces()), send(traces())])
    expect(results).toEqual([undefined, undefined, undefined])
    expect(far.sessions).toHaveLength(2)
  })

  test('in anger loses no call that it did not take either', async () => {
    const far = await http2Server((stream, _, session) => {
      if (far.sessions.length > 1) return answerOk(stream)
      if (stream.id === 5) session.goaway(constants.NGHTTP2_INTERNAL_ERROR, 1)
    })
    const { send } = await sender(otlpGrpc, { endpoint: far.endpoint, tls: insecure })
    const results = await Promise.allSettled([send(traces()), send(traces()), send(traces())])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(far.sessions).toHaveLength(2)
  })

  test('and refuses a stream gets it again at once', async () => {
    let streams = 0
    const far = await http2Server(stream => {
      if (++streams === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM)
      else answerOk(stream)
    })
    const { send } = await sender(otlpGrpc, { endpoint: far.endpoint, tls: insecure })
    expect(await send(traces())).toBeUndefined()
    expect(streams).toBe(2)
  })

  test('and refuses every stream is left to the next attempt', async () => {
    const far = await http2Server(stream => stream.close(constants.NGHTTP2_REFUSED_STREAM))
    expect(await attempt({ endpoint: far.endpoint, tls: insecure })).toMatchObject({
      message: 'the server refused the stream',
    })
  })

  test('in the middle of a call is tried again', async () => {
    const far = await http2Server((_, __, session) => session.destroy())
    const result = await attempt({ endpoint: far.endpoint, tls: insecure })
    expect(result).toMatchObject({ name: 'Error', message: expect.stringContaining('the call ended without a status') })
  })

  test('and comes back is found again', async () => {
    const first = await grpcServer()
    const { send } = await sender(otlpGrpc, { endpoint: first.endpoint, tls: insecure })
    await send(traces())
    first.end()
    await failure(send(traces()))
    const second = await grpcServer(undefined, { address: first.endpoint })
    await send(traces())
    expect(second.calls).toHaveLength(1)
  })

  test('because of pings gets half as many', async () => {
    const clock = new FakeClock()
    let pinged = () => {}
    const far = await http2Server((_, __, session) => {
      session.once('ping', () => {
        pinged()
        session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'))
      })
    })
    const own = { endpoint: far.endpoint, tls: insecure, keepalive: { time: '10s', timeout: '1h' } }
    const { send } = await sender(otlpGrpc, own, { clock })
    const silences: number[] = []
    for (let round = 1; round <= 2; round++) {
      let silent = true
      pinged = () => {
        silent = false
      }
      const result = failure(send(traces()))
      await vi.waitFor(() => expect(far.sessions).toHaveLength(round))
      const startMs = clock.nowMs()
      while (silent) {
        await clock.advance(1000)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
      silences.push(clock.nowMs() - startMs)
      await result
    }
    expect(silences[1] / silences[0]).toBeCloseTo(2, 0)
  })
})

describe('a call that is cut short', () => {
  const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants
  test.each([NGHTTP2_INTERNAL_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_CANCEL, NGHTTP2_NO_ERROR])(
    'by a reset with code %i is tried again',
    async code => {
      const far = await http2Server(stream => stream.close(code))
      const result = await attempt({ endpoint: far.endpoint, tls: insecure })
      expect(result).toMatchObject({
        name: 'Error',
        message: expect.stringContaining('the call ended without a status'),
      })
    },
  )

  test('before its trailers is tried again', async () => {
    const far = await http2Server(stream => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.end(Buffer.alloc(5))
    })
    const result = await attempt({ endpoint: far.endpoint, tls: insecure })
    expect(result).toEqual({ name: 'Error', message: 'the call ended without a status' })
  })

  test('by its timeout ends then, and leaves a healthy connection as it is', async () => {
    const far = await http2Server(stream => stream.resume())
    const { send } = await sender(otlpGrpc, { endpoint: far.endpoint, tls: insecure })
    for (const late of ['first', 'second']) {
      const controller = new AbortController()
      const result = failure(send(traces(), controller.signal))
      await vi.waitFor(() => expect(far.sessions.length).toBe(1))
      controller.abort(new Error(late))
      expect(await result).toEqual({ name: 'Error', message: late })
    }
    expect(far.sessions).toHaveLength(1)
  })

  test('on a connection where nobody is left makes the next one open another', async () => {
    const clock = new FakeClock()
    const sockets: Socket[] = []
    // Settings of HTTP/2, once; after that it is as if a cable had been pulled.
    const { port } = await listening(
      createServer(socket => {
        sockets.push(socket)
        socket.write(Buffer.from('000000040000000000', 'hex'))
      }),
    )
    const { send } = await sender(
      otlpGrpc,
      { endpoint: `127.0.0.1:${port}`, tls: insecure, keepalive: { time: 0 } },
      { clock },
    )
    const first = new AbortController()
    const result = failure(send(traces(), first.signal))
    await new Promise(resolve => sockets[0]?.once('data', resolve) ?? setTimeout(resolve, 50))
    first.abort(new Error('late'))
    await result
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    await clock.advance(10_000)
    const second = new AbortController()
    const next = failure(send(traces(), second.signal))
    await vi.waitFor(() => expect(sockets).toHaveLength(2))
    second.abort(new Error('late again'))
    await next
  })

  test('by an early no is over, though the server never reads the rest', async () => {
    const far = await http2Server(stream => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16' }, { endStream: true })
    })
    const { send } = await sender(otlpGrpc, { endpoint: far.endpoint, tls: insecure, compression: 'none' })
    expect(await failure(send(traces(50_000)))).toMatchObject({ name: 'MisconfiguredError' })
  })
})

describe('something that is no gRPC server', () => {
  const http2Answer = (status: number, type?: string) =>
    http2Server(stream =>
      stream.respond({ ':status': status, ...(type && { 'content-type': type }) }, { endStream: true }),
    )

  test.each([429, 502, 503, 504])('and answers HTTP status %i is tried again', async code => {
    const far = await http2Answer(code, 'text/html')
    expect(await attempt({ endpoint: far.endpoint, tls: insecure })).toMatchObject({ name: 'Error' })
  })

  test.each([
    [401, 'headers'],
    [403, 'headers'],
    [404, 'endpoint'],
  ])('and answers HTTP status %i blames %s', async (code, key) => {
    const far = await http2Answer(code)
    const result = await attempt({ endpoint: far.endpoint, tls: insecure })
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: `exporters.otlp_grpc.${key}` })
  })

  test('and shows a page instead blames the address', async () => {
    const far = await http2Answer(200, 'text/html')
    const result = await attempt({ endpoint: far.endpoint, tls: insecure })
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: 'exporters.otlp_grpc.endpoint' })
  })

  test('and answers in HTTP/1.1 is tried again', async () => {
    const { port } = await rawSink('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    const result = await attempt({ endpoint: `127.0.0.1:${port}`, tls: insecure })
    expect(result).toMatchObject({ name: 'Error', message: expect.stringContaining('does not answer in HTTP/2') })
  })

  test('and says nothing is given up in time', async () => {
    const clock = new FakeClock()
    const { port } = await silentSink()
    const { send } = await sender(otlpGrpc, { endpoint: `127.0.0.1:${port}`, tls: insecure }, { clock })
    const result = failure(send(traces()))
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    await new Promise(resolve => setTimeout(resolve, 20))
    await clock.advance(20_000)
    expect(await result).toMatchObject({ name: 'Error', message: expect.stringContaining('does not answer in HTTP/2') })
  })

  test('nor anything else is tried again', async () => {
    const result = await attempt({ endpoint: '127.0.0.1:1', tls: insecure })
    expect(result).toMatchObject({ name: 'Error', message: expect.stringContaining("can't connect to 127.0.0.1:1") })
  })
})

describe('TLS', () => {
  const credentials = (demand = false) =>
    ServerCredentials.createSsl(
      Buffer.from(authority.ca),
      [{ cert_chain: Buffer.from(server.cert), private_key: Buffer.from(server.key) }],
      demand,
    )

  test('delivers to a server whose certificate ca_file has signed', async () => {
    const far = await grpcServer(undefined, { credentials: credentials() })
    await (await sender(otlpGrpc, { endpoint: far.endpoint, tls: { ca_file } })).send(traces())
    expect(far.calls).toHaveLength(1)
  })

  test('is used for https:// whatever insecure says, and never for http://', async () => {
    const far = await grpcServer(undefined, { credentials: credentials() })
    await (await sender(otlpGrpc, { endpoint: `https://${far.endpoint}/`, tls: { ca_file, insecure: true } })).send(
      traces(),
    )
    expect(far.calls).toHaveLength(1)
    const plain = await grpcServer()
    await (await sender(otlpGrpc, { endpoint: `http://${plain.endpoint}` })).send(traces())
    expect(plain.calls).toHaveLength(1)
  })

  test.each([
    ['nobody trusted has signed', {}],
    ['is for another name', { ca_file, server_name_override: 'elsewhere.example' }],
  ])('blames tls for a certificate that %s', async (_, tls) => {
    const far = await grpcServer(undefined, { credentials: credentials() })
    const result = await attempt({ endpoint: far.endpoint, tls })
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: 'exporters.otlp_grpc.tls' })
  })

  test('shows its own certificate to a server that demands one', async () => {
    const far = await grpcServer(undefined, { credentials: credentials(true) })
    const own = { cert_file: client.certFile, key_file: client.keyFile }
    await (await sender(otlpGrpc, { endpoint: far.endpoint, tls: { ca_file, ...own } })).send(traces())
    expect(far.calls).toHaveLength(1)
    expect(await attempt({ endpoint: far.endpoint, tls: { ca_file } })).toMatchObject({ name: 'MisconfiguredError' })
  })

  test('without HTTP/2 behind it blames the address', async () => {
    const far = await httpSink(undefined, { cert: server.cert, key: server.key })
    const result = await attempt({ endpoint: `127.0.0.1:${far.port}`, tls: { ca_file } })
    expect(result).toMatchObject({ name: 'MisconfiguredError', configKey: 'exporters.otlp_grpc.endpoint' })
  })

  test('tells the server the name that authority or server_name_override gives', async () => {
    const seen: unknown[] = []
    const far = await http2Server(
      (stream, headers) => {
        seen.push(headers[':authority'])
        answerOk(stream)
      },
      { cert: server.cert, key: server.key },
    )
    for (const given of [
      { tls: { ca_file } },
      { tls: { ca_file, server_name_override: 'gateway.example' } },
      { tls: { ca_file }, authority: 'gateway.example' },
    ])
      await (await sender(otlpGrpc, { endpoint: far.endpoint, ...given })).send(traces())
    expect(seen).toEqual([far.endpoint, 'gateway.example', 'gateway.example'])
  })
})

test('a check finds out whether the server is there', async () => {
  const far = await grpcServer()
  const { exporter } = await sender(otlpGrpc, { endpoint: far.endpoint, tls: insecure })
  await exporter.check?.(AbortSignal.timeout(1000))
  const { exporter: other } = await sender(otlpGrpc, { endpoint: '127.0.0.1:1', tls: insecure })
  await expect(other.check?.(AbortSignal.timeout(1000))).rejects.toThrow("can't connect to 127.0.0.1:1")
})

describe('an address', () => {
  test('may be a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-sock-'))
    const far = await grpcServer(undefined, { address: `unix://${folder}/otlp.sock` })
    await (await sender(otlpGrpc, { endpoint: `unix://${folder}/otlp.sock`, tls: insecure })).send(traces())
    expect(far.calls).toHaveLength(1)
    far.end()
    rmSync(folder, { recursive: true })
  })

  test('is looked up for every address of its host, and those that fail are left out', async () => {
    const far = await grpcServer()
    const { send } = await sender(otlpGrpc, { endpoint: `dns:///localhost:${far.port}`, tls: insecure })
    for (let i = 0; i < 5; i++) await send(traces())
    expect(far.calls).toHaveLength(5)
  })

  test('is reached through the proxy that HTTPS_PROXY names, without TLS too', async () => {
    const [far, proxy] = [await grpcServer(), await proxyServer()]
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    const { send } = await sender(otlpGrpc, { endpoint: `gateway.example:${far.port}`, tls: insecure })
    await send(traces())
    await send(traces())
    expect(proxy.seen).toEqual([`CONNECT gateway.example:${far.port}`])
    expect(far.calls).toHaveLength(2)
  })
})
