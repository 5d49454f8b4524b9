import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { constants } from 'node:http2'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { credentials, status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { UnauthenticatedError } from '../../src/component/errors.ts'
import { RPC, RpcError } from '../../src/net/rpc_status.ts'
import { FakeClock, settle } from '../support/clock.ts'
import { echo, grpcClient, PATH, serveGrpc } from './grpc_world.ts'
import { framed, http2Client } from './raw_http2.ts'

const testdata = (name: string) => readFileSync(join(import.meta.dirname, '../listeners/testdata', name), 'utf8')

describe('a gRPC call', () => {
  test.each([0, 1, 100, 16_384, 3_000_000])('of %i bytes is answered with what the method makes of it', async size => {
    const { method, seen } = echo()
    const { target } = await serveGrpc(method)
    const message = new Uint8Array(randomBytes(size))
    const answer = await grpcClient(target).call(message)
    expect(answer).toMatchObject({ status: { code: status.OK } })
    expect('message' in answer && Buffer.compare(answer.message, message)).toBe(0)
    expect(seen.reserved).toEqual([size])
    expect(seen.closed).toBe(1)
  })

  test('hands over a message in an ArrayBuffer of its own', async () => {
    const { method, seen } = echo()
    const { target } = await serveGrpc(method)
    await grpcClient(target).call(new Uint8Array(100))
    expect(seen.messages[0].buffer.byteLength).toBe(100)
  })

  test('of an unknown method is UNIMPLEMENTED', async () => {
    const { target } = await serveGrpc(echo().method)
    const answer = await grpcClient(target).call(new Uint8Array(), { path: '/test.Echo/Other' })
    expect(answer).toMatchObject({ error: { code: status.UNIMPLEMENTED, details: 'unknown method /test.Echo/Other' } })
  })

  test('that is refused tells when to try again', async () => {
    const refuse = () => {
      throw new RpcError(RPC.UNAVAILABLE, 'no room: 100 % über', { retryAfterMs: 1500 })
    }
    const { target } = await serveGrpc(echo({ open: refuse }).method)
    const answer = await grpcClient(target).call(new Uint8Array(100_000))
    expect(answer).toMatchObject({ error: { code: status.UNAVAILABLE, details: 'no room: 100 % über' } })
    const [details] = 'error' in answer ? answer.error.metadata.get('grpc-status-details-bin') : []
    expect(Buffer.from(details).toString('latin1')).toContain('google.rpc.RetryInfo')
  })

  test('without a proof of who sends is UNAUTHENTICATED, also when that takes time to find out', async () => {
    const open = async () => {
      await settle()
      throw new UnauthenticatedError('no credentials')
    }
    const { target } = await serveGrpc(echo({ open }).method)
    const answer = await grpcClient(target).call(new Uint8Array(100_000))
    expect(answer).toMatchObject({ error: { code: status.UNAUTHENTICATED, details: 'no credentials' } })
  })

  test('whose method fails is INTERNAL, and only the log says why', async () => {
    const { target, log } = await serveGrpc(echo({ handle: () => Promise.reject(new Error('secret')) }).method)
    const answer = await grpcClient(target).call(new Uint8Array(1))
    expect(answer).toMatchObject({ error: { code: status.INTERNAL, details: 'the call failed; the log says why' } })
    expect(log.lines).toContain('error: call failed')
  })

  test('over the size limit is RESOURCE_EXHAUSTED without RetryInfo, before anything is reserved', async () => {
    const { method, seen } = echo({ maxMessageBytes: 1000 })
    const { target } = await serveGrpc(method)
    const answer = await grpcClient(target).call(new Uint8Array(1001))
    expect(answer).toMatchObject({ error: { code: status.RESOURCE_EXHAUSTED } })
    expect('error' in answer && answer.error.metadata.get('grpc-status-details-bin')).toEqual([])
    expect(seen).toMatchObject({ reserved: [], closed: 1 })
  })

  test('that takes longer than its grpc-timeout is DEADLINE_EXCEEDED', async () => {
    const clock = new FakeClock()
    const { method, seen } = echo({ handle: () => new Promise(() => {}) })
    const { port } = await serveGrpc(method, { clock })
    const client = http2Client(port)
    const answer = client.call(framed('x'), { 'grpc-timeout': '5S' })
    while (seen.messages.length === 0) await settle()
    await clock.advance(4999)
    expect(seen.closed).toBe(0)
    await clock.advance(1)
    expect(await answer).toMatchObject({ 'grpc-status': '4' })
    expect(seen.closed).toBe(1)
  })
})

describe('a compressed message', () => {
  const message = new Uint8Array(Buffer.from('telemetry '.repeat(30_000)))
  test.each([
    ['gzip', gzipSync(message)],
    ['deflate', deflateSync(message)],
    ['zstd', zstdCompressSync(message)],
  ])(
    'of encoding %s is decompressed, and room is asked for what it was and for what it is',
    async (encoding, bytes) => {
      const { method, seen } = echo()
      const { port } = await serveGrpc(method)
      const answer = await http2Client(port).call(framed(bytes, 1), { 'grpc-encoding': encoding })
      expect(answer).toMatchObject({ 'grpc-status': '0', 'grpc-accept-encoding': 'identity,gzip,deflate,zstd' })
      expect(seen.messages).toEqual([message])
      expect(seen.reserved).toEqual([bytes.length, message.length])
    },
  )

  test('by grpc-js is decompressed', async () => {
    const { method, seen } = echo()
    const { target } = await serveGrpc(method)
    await grpcClient(target, { 'grpc.default_compression_algorithm': 2 }).call(message)
    expect(seen.messages).toEqual([message])
  })

  test.each(['gzip', 'zstd', 'deflate'])(
    'of encoding %s that is larger than the limit once decompressed is refused',
    async encoding => {
      const { method, seen } = echo({ maxMessageBytes: 100_000 })
      const { port } = await serveGrpc(method)
      const compress = { gzip: gzipSync, zstd: zstdCompressSync, deflate: deflateSync }[encoding] as typeof gzipSync
      const answer = await http2Client(port).call(framed(compress(message), 1), { 'grpc-encoding': encoding })
      expect(answer).toMatchObject({ 'grpc-status': '8' })
      expect(seen.messages).toEqual([])
    },
  )

  test.each([
    ['of an unknown encoding is UNIMPLEMENTED', { 'grpc-encoding': 'lz77' }, framed('x', 1), '12'],
    ['without an encoding is INTERNAL', {}, framed('x', 1), '13'],
    ['that is none is INTERNAL', { 'grpc-encoding': 'gzip' }, framed('this is not gzip, at all', 1), '13'],
    ['that is cut off is INTERNAL', { 'grpc-encoding': 'gzip' }, framed(gzipSync(message).subarray(0, 200), 1), '13'],
  ])('%s', async (_, headers, body, code) => {
    const { method, seen } = echo()
    const { port } = await serveGrpc(method)
    expect(await http2Client(port).call(body, headers)).toMatchObject({ 'grpc-status': code })
    expect(seen).toMatchObject({ messages: [], closed: seen.opened })
  })
})

describe('a malformed request', () => {
  test.each([
    ['without a message is INTERNAL', Buffer.alloc(0), '13'],
    ['with half a prefix is INTERNAL', Buffer.of(0, 0, 0), '13'],
    ['whose message ends early is INTERNAL', framed('abc').subarray(0, 7), '13'],
    ['with two messages is INTERNAL', Buffer.concat([framed('a'), framed('b')]), '13'],
    ['with an unknown flag is INTERNAL', framed('a', 2), '13'],
    ['that claims 4 GiB is RESOURCE_EXHAUSTED', Buffer.of(0, 255, 255, 255, 255), '8'],
  ])('%s', async (_, body, code) => {
    const { method, seen } = echo()
    const { port } = await serveGrpc(method)
    expect(await http2Client(port).call(body)).toMatchObject({ ':status': 200, 'grpc-status': code })
    expect(seen).toMatchObject({ messages: [], closed: 1 })
  })

  test.each([
    ['by GET', { ':method': 'GET' }, 405],
    ['of another content type', { 'content-type': 'application/json' }, 415],
    ['of a content type that only begins like it', { 'content-type': 'application/grpc-web' }, 415],
  ])('%s gets an HTTP status', async (_, headers, expected) => {
    const { port } = await serveGrpc(echo().method)
    expect(await http2Client(port).call(Buffer.alloc(0), headers)).toMatchObject({ ':status': expected })
  })

  test('with a malformed grpc-timeout is INTERNAL', async () => {
    const { port } = await serveGrpc(echo().method)
    expect(await http2Client(port).call(framed('a'), { 'grpc-timeout': '5 seconds' })).toMatchObject({
      'grpc-status': '13',
    })
  })

  test('that arrives in single bytes is read all the same', async () => {
    const { method, seen } = echo()
    const { port } = await serveGrpc(method)
    const stream = http2Client(port).open()
    for (const byte of framed('hello')) await new Promise(resolve => stream.write(Buffer.of(byte), resolve))
    stream.end()
    await new Promise(resolve => stream.once('end', resolve).resume())
    expect(seen.messages.map(bytes => Buffer.from(bytes).toString())).toEqual(['hello'])
  })

  test('of HTTP/1.1 or of noise ends its connection and nothing else', async () => {
    const { method } = echo()
    const { port, target } = await serveGrpc(method)
    for (const noise of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', randomBytes(1000)]) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {}).write(noise)
      await new Promise(resolve => socket.once('close', resolve).resume())
    }
    expect(await grpcClient(target).call(new Uint8Array(3))).toHaveProperty('message')
  })
})

describe('a call that does not end', () => {
  test('leaves nothing behind when the client cancels it half-sent', async () => {
    const { method, seen } = echo()
    const { port } = await serveGrpc(method)
    const stream = http2Client(port).open()
    stream.write(framed('0123456789').subarray(0, 8))
    while (seen.reserved.length === 0) await settle()
    stream.close(constants.NGHTTP2_CANCEL)
    while (seen.closed === 0) await settle()
    expect(seen).toMatchObject({ opened: 1, closed: 1, messages: [] })
  })

  test('leaves nothing behind when its connection breaks', async () => {
    const { method, seen } = echo()
    const { port } = await serveGrpc(method)
    const client = http2Client(port)
    client
      .open()
      .on('error', () => {})
      .write(framed('0123456789').subarray(0, 8))
    while (seen.reserved.length === 0) await settle()
    client.session.destroy()
    while (seen.closed === 0) await settle()
    expect(seen).toMatchObject({ opened: 1, closed: 1, messages: [] })
  })

  test('is given up when the rest of its message does not come', async () => {
    const clock = new FakeClock()
    const { method, seen } = echo()
    const { port } = await serveGrpc(method, { clock, listeners: { limits: { requestTimeoutMs: 30_000 } } })
    const stream = http2Client(port).open()
    const answered = new Promise(resolve => stream.once('response', resolve))
    stream.write(framed('0123456789').subarray(0, 8))
    while (seen.reserved.length === 0) await settle()
    await clock.advance(30_000)
    expect(await answered).toMatchObject({ 'grpc-status': '4' })
    expect(seen.closed).toBe(1)
  })

  test('harms none of a hundred others on its connection', async () => {
    const { method, seen } = echo()
    const { port } = await serveGrpc(method)
    const client = http2Client(port)
    const stalled = client.open()
    stalled.write(framed(randomBytes(2_000_000)).subarray(0, 1_500_000))
    while (seen.reserved.length === 0) await settle()
    const message = randomBytes(300_000)
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.call(framed(message))))
    expect(answers.filter(answer => answer['grpc-status'] !== '0')).toEqual([])
    expect(seen.messages.length).toBe(100)
    stalled.close()
  })

  test('of a client that does not read its answer harms no other', async () => {
    const { method } = echo()
    const { port } = await serveGrpc(method)
    const client = http2Client(port, { settings: { initialWindowSize: 1000 } })
    const stalled = client.open()
    stalled.end(framed(randomBytes(100_000)))
    await new Promise(resolve => stalled.once('response', resolve))
    stalled.pause()
    expect(await client.call(framed('x'))).toMatchObject({ 'grpc-status': '0' })
    stalled.close()
  })
})

describe('a connection', () => {
  test('takes as many calls at a time as was said and no more', async () => {
    const { method } = echo()
    const { port } = await serveGrpc(method, { connections: { maxConcurrentStreams: 7 } })
    const { session } = http2Client(port)
    await new Promise(resolve => session.once('remoteSettings', resolve))
    expect(session.remoteSettings.maxConcurrentStreams).toBe(7)
  })

  test('that has no call for the idle time is ended', async () => {
    const clock = new FakeClock()
    const { method } = echo()
    const { port } = await serveGrpc(method, { clock, connections: { maxIdleMs: 10_000 } })
    const client = http2Client(port)
    await client.call(framed('x'))
    const events: unknown[] = []
    client.session.once('goaway', code => events.push(code)).once('close', () => events.push('closed'))
    // The server learns of the end of the call a moment after the client.
    while (events.length < 2) await clock.advance(5000)
    expect(events).toEqual([constants.NGHTTP2_NO_ERROR, 'closed'])
  })

  test('with a call that runs is not idle', async () => {
    const clock = new FakeClock()
    let answer = (_: Uint8Array) => {}
    const { method, seen } = echo({ handle: () => new Promise(resolve => (answer = resolve)) })
    const { port } = await serveGrpc(method, { clock, connections: { maxIdleMs: 10_000 } })
    const client = http2Client(port)
    const call = client.call(framed('x'))
    while (seen.messages.length === 0) await settle()
    await clock.advance(25_000)
    answer(new Uint8Array())
    expect(await call).toMatchObject({ 'grpc-status': '0' })
  })

  test('that is old finishes the calls that run, takes no new ones and ends', async () => {
    const clock = new FakeClock()
    let answer = (_: Uint8Array) => {}
    const { method, seen } = echo({ handle: () => new Promise(resolve => (answer = resolve)) })
    const { port } = await serveGrpc(method, { clock, connections: { maxAgeMs: 60_000 } })
    const client = http2Client(port)
    const call = client.call(framed('x'))
    while (seen.messages.length === 0) await settle()
    const goaway = new Promise(resolve => client.session.once('goaway', (...told) => resolve(told.slice(0, 2))))
    await clock.advance(66_000)
    // Calls that are under way when the client reads this are still taken: it names no last one.
    expect(await goaway).toEqual([constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1])
    answer(new Uint8Array())
    expect(await call).toMatchObject({ 'grpc-status': '0' })
    await new Promise(resolve => client.session.once('close', resolve))
  })

  test('that is old ends its calls once the grace time has passed', async () => {
    const clock = new FakeClock()
    const { method, seen } = echo({ handle: () => new Promise(() => {}) })
    const { port } = await serveGrpc(method, { clock, connections: { maxAgeMs: 60_000, maxAgeGraceMs: 20_000 } })
    const client = http2Client(port)
    const call = client.call(framed('x')).catch(error => error)
    while (seen.messages.length === 0) await settle()
    await clock.advance(66_000)
    expect(seen.closed).toBe(0)
    await clock.advance(20_000)
    expect(await call).toBeInstanceOf(Error)
    expect(seen.closed).toBe(1)
  })

  test('whose client says nothing more is asked for a sign of life, and ended without one', async () => {
    const clock = new FakeClock()
    const { method } = echo()
    const { port } = await serveGrpc(method, { clock, connections: { pingAfterMs: 30_000, pingTimeoutMs: 5000 } })
    const alive = http2Client(port)
    await alive.call(framed('x'))
    const dead = connect(port, '127.0.0.1')
    // Preface, empty SETTINGS, and never a word again.
    dead.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'))
    let pings = 0
    let ended = false
    alive.session.on('ping', () => pings++)
    dead.resume().once('close', () => (ended = true))
    while (!ended || pings === 0) await clock.advance(1000)
    expect(alive.session.destroyed).toBe(false)
    expect(await alive.call(framed('x'))).toMatchObject({ 'grpc-status': '0' })
  })

  test('that pings more often than allowed is told to calm down', async () => {
    const { method } = echo()
    const { port } = await serveGrpc(method, { connections: { pings: { minIntervalMs: 10_000, withoutCalls: true } } })
    const { session } = http2Client(port)
    const goaway = new Promise(resolve => session.once('goaway', (code, _, data) => resolve([code, String(data)])))
    await new Promise(resolve => session.once('connect', resolve))
    for (let i = 0; i < 4; i++) session.ping(() => {})
    expect(await goaway).toEqual([constants.NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_pings'])
  })
})

describe('at shutdown', () => {
  test('calls that run are answered, and clients are told to go', async () => {
    let answer = (_: Uint8Array) => {}
    const { method, seen } = echo({ handle: () => new Promise(resolve => (answer = resolve)) })
    const { listeners, port, target } = await serveGrpc(method)
    const client = http2Client(port)
    const [raw, official] = [client.call(framed('x')), grpcClient(target).call(new Uint8Array(1))]
    while (seen.messages.length < 1) await settle()
    const first = answer
    while (seen.messages.length < 2) await settle()
    const goaway = new Promise(resolve => client.session.once('goaway', resolve))
    const closed = listeners.close(AbortSignal.timeout(5000))
    await goaway
    first(new Uint8Array())
    answer(new Uint8Array())
    expect(await raw).toMatchObject({ 'grpc-status': '0' })
    expect(await official).toHaveProperty('message')
    await closed
  })

  test('calls that do not end are cut off at the deadline', async () => {
    const { method, seen } = echo({ handle: () => new Promise(() => {}) })
    const { listeners, port } = await serveGrpc(method)
    const call = http2Client(port)
      .call(framed('x'))
      .catch(error => error)
    while (seen.messages.length === 0) await settle()
    const deadline = new AbortController()
    const closed = listeners.close(deadline.signal)
    deadline.abort()
    await closed
    expect(await call).toBeInstanceOf(Error)
    expect(seen.closed).toBe(1)
  })
})

describe('a gRPC listener', () => {
  test('speaks TLS, and asks clients for their certificates', async () => {
    const [cert, key] = [testdata('first.cert.pem'), testdata('first.key.pem')]
    const [otherCert, otherKey] = [testdata('second.cert.pem'), testdata('second.key.pem')]
    const tls = { cert, key, ca: otherCert, requestCert: true, rejectUnauthorized: true }
    const { target } = await serveGrpc(echo().method, { options: { tls } })
    const verify = { checkServerIdentity: () => undefined }
    const call = (...client: Buffer[]) =>
      grpcClient(
        target,
        {},
        credentials.createSsl(Buffer.from(cert), client[0] ?? null, client[1] ?? null, verify),
      ).call(new Uint8Array(5), { deadlineMs: 2000 })
    expect(await call(Buffer.from(otherKey), Buffer.from(otherCert))).toHaveProperty('message')
    expect(await call()).toHaveProperty('error')
  })

  test('answers on a unix socket, also where a dead one lies, and removes it', async () => {
    const path = join(tmpdir(), `millrace-grpc-${process.pid}.sock`)
    const dead = createServer().listen(`${path}.dead`)
    await new Promise(resolve => dead.once('listening', resolve))
    renameSync(`${path}.dead`, path)
    await new Promise(resolve => dead.close(resolve))
    const { listeners } = await serveGrpc(echo().method, { endpoint: `unix:${path}` })
    expect(await grpcClient(`unix:${path}`).call(new Uint8Array(5))).toHaveProperty('message')
    await expect(serveGrpc(echo().method, { endpoint: `unix:${path}` })).rejects.toThrow(
      `${path} is in use by another process; set receivers.test.endpoint to a free address`,
    )
    await listeners.close(AbortSignal.abort())
    expect(existsSync(path)).toBe(false)
  })

  test('shares no port with HTTP, and says who is there', async () => {
    const { listeners, port } = await serveGrpc(echo().method)
    const http = listeners.http(`127.0.0.1:${port}`, { '/': () => {} }, { configKey: 'exporters.page.endpoint' })
    await expect(http).rejects.toThrow(
      `can't serve HTTP: receivers.test.endpoint serves something else there; set exporters.page.endpoint to another address`,
    )
  })

  test('goes on without a gap when another borrower of its methods takes over', async () => {
    const { listeners, borrowed, port, target } = await serveGrpc(echo().method)
    const { call } = grpcClient(target)
    await call(new Uint8Array(1))
    const fresh = echo()
    const connections = { maxConcurrentStreams: 5, pingAfterMs: 1e6, pingTimeoutMs: 1e3 }
    await listeners.grpc(`127.0.0.1:${port}`, { [PATH]: fresh.method }, { configKey: 'x', connections })
    await borrowed.release()
    await listeners.settle()
    expect(await call(new Uint8Array(1))).toHaveProperty('message')
    expect(fresh.seen.opened).toBe(1)
    const { session } = http2Client(port)
    await new Promise(resolve => session.once('remoteSettings', resolve))
    expect(session.remoteSettings.maxConcurrentStreams).toBe(5)
  })

  test('survives a flood of resets', async () => {
    const { method, seen } = echo()
    const { port, target } = await serveGrpc(method)
    const { session } = http2Client(port)
    const gone = new Promise(resolve => session.once('close', resolve))
    for (let i = 0; i < 3000 && !session.destroyed; i++) {
      const stream = session.request({ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc' })
      stream.on('error', () => {}).close(constants.NGHTTP2_CANCEL)
      if (i % 100 === 0) await settle()
    }
    await gone
    expect(await grpcClient(target).call(new Uint8Array(1))).toHaveProperty('message')
    while (seen.closed < seen.opened) await settle()
  })
})
