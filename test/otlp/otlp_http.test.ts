import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Admission } from '../../src/component/admission.ts'
import { PermanentError, RefusedError, ThrottledError, UnauthenticatedError } from '../../src/component/errors.ts'
import { settle } from '../support/clock.ts'
import { JSON_TYPE, oneSpan, PROTOBUF, type ReceiverWorld, startOtlp } from './receiver_world.ts'
import { decodeStatus } from './rpc_status_oracle.ts'

const post = (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = PROTOBUF) =>
  fetch(url, { method: 'POST', body, headers })

/** What a client is answered when the pipeline, or the way to it, does this. */
async function answer(
  world: ReceiverWorld,
  body: string | Uint8Array<ArrayBuffer> = oneSpan(),
  headers: Record<string, string> = PROTOBUF,
) {
  const started = await startOtlp({ ...world, grpc: null })
  const response = await post(started.url(), body, headers)
  const bytes = new Uint8Array(await response.arrayBuffer())
  return {
    ...started,
    response,
    status: response.status,
    body: bytes,
    json: () => JSON.parse(Buffer.from(bytes).toString()),
  }
}

const rejects = (error: Error) => ({ consume: () => Promise.reject(error) })
const full: Admission = {
  reserve: () => ({ refused: true, reason: 'no_room', heldBy: 'exporters.x.sending_queue', retryAfterMs: 1500 }),
}

describe('OTLP/HTTP', () => {
  test('answers with an empty response in the content type of the request once the pipeline took it', async () => {
    const { taken, response, body } = await answer({})
    expect([response.status, response.headers.get('content-type'), body.length]).toEqual([
      200,
      PROTOBUF['content-type'],
      0,
    ])
    expect(taken.map(batch => [batch.signal, batch.itemCount])).toEqual([['traces', 1]])
    expect(taken[0].origin).toMatchObject({ receiver: 'otlp', peer: '127.0.0.1' })
  })

  test('does not answer before the pipeline has', async () => {
    let taken = () => {}
    const { url } = await startOtlp({ consume: () => new Promise(resolve => (taken = resolve)) })
    let status = 0
    const answered = post(url(), oneSpan()).then(response => (status = response.status))
    for (let turn = 0; turn < 100; turn++) await settle()
    expect(status).toBe(0)
    taken()
    expect(await answered).toBe(200)
  })

  test('takes an empty request and hands nothing on', async () => {
    const { status, taken } = await answer({}, new Uint8Array())
    expect([status, taken]).toEqual([200, []])
  })

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zlib', deflateSync],
    ['zstd', zstdCompressSync],
    ['identity', (bytes: Uint8Array) => Buffer.from(bytes)],
  ])('takes content encoding %s', async (encoding, compress) => {
    const headers = { ...PROTOBUF, 'content-encoding': encoding }
    const { status, taken } = await answer({}, new Uint8Array(compress(oneSpan())), headers)
    expect([status, taken.length]).toEqual([200, 1])
    const [batch] = taken
    expect(batch.signal === 'traces' && Buffer.compare(batch.encode(), oneSpan())).toBe(0)
  })

  test('takes a body of unknown length', async () => {
    const { url, taken } = await startOtlp()
    const status = await new Promise(resolve => {
      const sent = request(url(), { method: 'POST', headers: PROTOBUF }, response => resolve(response.statusCode))
      sent.write(oneSpan().subarray(0, 10))
      setImmediate(() => sent.end(oneSpan().subarray(10)))
    })
    expect([status, taken.length]).toEqual([200, 1])
  })
})

describe('an error', () => {
  test.each([
    ['no room downstream', rejects(new RefusedError('full', 'exporters.x', 1500)), 503, 14, '2'],
    ['a destination that asks to wait', rejects(new ThrottledError('wait', 7000)), 503, 14, '7'],
    ['anything unforeseen downstream', rejects(new Error('disk on fire')), 503, 14, '1'],
    ['data that downstream can never take', rejects(new PermanentError('never')), 500, 13, null],
    ['no room before the body is read', { admission: full }, 503, 14, '2'],
  ])('%s is answered so that a client knows whether to try again', async (_, world, status, code, retryAfter) => {
    const got = await answer(world)
    expect([got.status, got.response.headers.get('retry-after')]).toEqual([status, retryAfter])
    expect(got.response.headers.get('content-type')).toBe('application/x-protobuf')
    expect(decodeStatus(got.body).code).toBe(code)
  })

  test('has a google.rpc.Status with RetryInfo for a body', async () => {
    const { body } = await answer({ admission: full })
    expect(decodeStatus(body)).toEqual({
      code: 14,
      message: 'refused: no_room (exporters.x.sending_queue)',
      retryDelayMs: 1500,
    })
  })

  test('has it as JSON when the request was', async () => {
    const { response, json } = await answer({ admission: full }, '{"resourceSpans":[]}', JSON_TYPE)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(json()).toEqual({
      code: 14,
      message: 'refused: no_room (exporters.x.sending_queue)',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }],
    })
  })

  test.each([
    ['bytes that are no OTLP', Buffer.from('not protobuf at all'), {}, 400, 'malformed'],
    ['a request that is cut off', oneSpan().subarray(0, 20), {}, 400, 'malformed'],
    ['a body that is not compressed as it says', oneSpan(), { 'content-encoding': 'gzip' }, 400, 'malformed'],
    ['a compression that is not known', oneSpan(), { 'content-encoding': 'br' }, 415, 'unsupported'],
    ['a content type that is not known', oneSpan(), { 'content-type': 'text/plain' }, 415, 'unsupported'],
  ])('%s is told so and counted', async (_, body, headers, status, reason) => {
    const got = await answer({}, new Uint8Array(body), { ...PROTOBUF, ...headers })
    expect(got.status).toBe(status)
    expect(got.drops.refusals).toEqual({ [`traces/${reason}`]: 1 })
    expect(got.taken).toEqual([])
  })

  test('a method other than POST is told which is possible', async () => {
    const { url } = await startOtlp()
    const response = await fetch(url())
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test.each([
    ['as it is', oneSpan('x'.repeat(120)), {}],
    ['once decompressed', gzipSync(Buffer.alloc(5000)), { 'content-encoding': 'gzip' }],
    ['once decompressed by zstd', zstdCompressSync(Buffer.alloc(5000)), { 'content-encoding': 'zstd' }],
  ])('a body larger than the limit %s is 413', async (_, body, headers) => {
    const got = await answer({ http: { max_request_body_size: 100 } }, new Uint8Array(body), {
      ...PROTOBUF,
      ...headers,
    })
    expect([got.status, decodeStatus(got.body).code, got.response.headers.get('retry-after')]).toEqual([413, 8, null])
    expect(got.drops.refusals).toEqual({ 'traces/too_large': 1 })
  })

  test('a body of unknown length that grows over the limit is 413', async () => {
    const { url } = await startOtlp({ http: { max_request_body_size: 100 } })
    const status = await new Promise(resolve => {
      const sent = request(url(), { method: 'POST', headers: PROTOBUF }, response => resolve(response.statusCode))
      sent.on('error', () => {}).write(Buffer.alloc(60))
      setImmediate(() => sent.end(Buffer.alloc(60)))
    })
    expect(status).toBe(413)
  })

  test('a signal that no pipeline takes is 404 and says so', async () => {
    const { url } = await startOtlp({ signals: ['metrics'] })
    const response = await post(url('traces'), oneSpan())
    expect(response.status).toBe(404)
    expect(decodeStatus(new Uint8Array(await response.arrayBuffer()))).toMatchObject({
      code: 12,
      message: 'no pipeline takes traces from otlp',
    })
  })

  test('a client that leaves before the end of its body is counted and leaves nothing', async () => {
    let released = 0
    let reserved = 0
    const admission: Admission = {
      reserve(sizeBytes) {
        reserved += sizeBytes
        return { refused: false, claim: () => 0, release: () => void released++ }
      },
    }
    const { url, drops } = await startOtlp({ admission })
    const sent = request(url(), { method: 'POST', headers: { ...PROTOBUF, 'content-length': 1000 } })
    sent.on('error', () => {}).write(Buffer.alloc(500))
    while (reserved === 0) await settle()
    sent.destroy()
    while (released === 0) await settle()
    expect([reserved, drops.refusals]).toEqual([1000, { 'traces/cancelled': 1 }])
  })
})

describe('admission', () => {
  /** Counts what is asked for and given back. */
  function counting() {
    const asked: number[] = []
    let open = 0
    const admission: Admission = {
      reserve(sizeBytes) {
        asked.push(sizeBytes)
        open++
        return { refused: false, claim: () => sizeBytes, release: () => void open-- }
      },
    }
    return { asked, admission, open: () => open }
  }

  test('is asked for the length of a body before it is read, and for its true size after', async () => {
    const { asked, admission, open } = counting()
    const compressed = gzipSync(oneSpan('x'.repeat(60)))
    const headers = { ...PROTOBUF, 'content-encoding': 'gzip' }
    const { status } = await answer({ admission }, new Uint8Array(compressed), headers)
    expect([status, asked]).toEqual([200, [compressed.length, oneSpan('x'.repeat(60)).length - compressed.length]])
    expect(open()).toBe(0)
  })

  test('is not asked for a sender who may not send', async () => {
    const { asked, admission } = counting()
    const serverAuth = {
      headers: ['x-key'],
      authenticate() {
        throw new UnauthenticatedError('who are you?', 'Key')
      },
    }
    const got = await answer({ admission, http: { auth: { authenticator: 'k' } }, extensions: { k: { serverAuth } } })
    expect([got.status, got.response.headers.get('www-authenticate'), asked]).toEqual([401, 'Key', []])
    expect(got.drops.refusals).toEqual({ 'traces/unauthenticated': 1 })
  })

  test('gives the pipeline the room as the ticket of the batch, and takes back what nobody claimed', async () => {
    const { admission, open } = counting()
    let claimed = 0
    const queue = { name: 'q', reserve: () => true, cancel() {} }
    await answer({
      admission,
      async consume({ origin }) {
        claimed = origin.ticket?.claim(queue) ?? 0
      },
    })
    expect([claimed, open()]).toEqual([oneSpan().length, 0])
  })

  test('holds the room for as long as the pipeline has not answered', async () => {
    const { admission, open } = counting()
    let finish = () => {}
    const { url } = await startOtlp({ admission, consume: () => new Promise(resolve => (finish = resolve)) })
    const sent = request(url(), { method: 'POST', headers: PROTOBUF })
    sent.on('error', () => {}).end(oneSpan())
    while (open() === 0) await settle()
    sent.destroy()
    for (let turn = 0; turn < 50; turn++) await settle()
    expect(open()).toBe(1)
    finish()
    while (open() > 0) await settle()
  })

  test('tells a client that sends more than all the others together with 429', async () => {
    let room = true
    const admission: Admission = { reserve: size => (room ? openTicket : full.reserve(size)) }
    const openTicket = { refused: false as const, claim: () => 0, release() {} }
    const { url, ports } = await startOtlp({ admission })
    const send = (localAddress: string) =>
      new Promise(resolve => {
        const sent = request(url(), { method: 'POST', headers: PROTOBUF, localAddress }, response => {
          response.resume()
          resolve(response.statusCode)
        })
        sent.end(oneSpan())
      })
    expect(ports.http).toBeGreaterThan(0)
    for (const from of ['127.0.0.1', '127.0.0.1', '127.0.0.2']) expect(await send(from)).toBe(200)
    room = false
    expect([await send('127.0.0.1'), await send('127.0.0.2')]).toEqual([429, 503])
  })
})

describe('pages in browsers', () => {
  const cors = { allowed_origins: ['https://*.shop.example'], allowed_headers: ['X-Tenant'], max_age: 600 }
  const preflight = (url: string, origin: string, headers = 'content-type,x-tenant,x-other') =>
    fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
    })

  test('of an allowed origin may send', async () => {
    const { url } = await startOtlp({ http: { cors } })
    const asked = await preflight(url(), 'https://www.shop.example')
    expect([asked.status, Object.fromEntries(asked.headers)]).toMatchObject([
      204,
      {
        'access-control-allow-origin': 'https://www.shop.example',
        'access-control-allow-methods': 'POST, OPTIONS',
        'access-control-allow-headers': 'content-type, x-tenant',
        'access-control-max-age': '600',
      },
    ])
    const sent = await post(url(), oneSpan(), { ...PROTOBUF, origin: 'https://www.shop.example' })
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, 'https://www.shop.example'])
    expect(sent.headers.get('vary')).toBe('Origin')
  })

  test('of another origin are not told that they may', async () => {
    const { url } = await startOtlp({ http: { cors } })
    for (const origin of ['https://shop.example', 'https://www.shop.example.evil', 'http://www.shop.example', 'null']) {
      const { headers } = await preflight(url(), origin)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('may read errors too', async () => {
    const { url } = await startOtlp({ http: { cors }, admission: full })
    const sent = await post(url(), oneSpan(), { ...PROTOBUF, origin: 'https://a.shop.example' })
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([503, 'https://a.shop.example'])
  })

  test('are asked for no credentials in the question whether they may', async () => {
    const serverAuth = { headers: [], authenticate: () => Promise.reject(new UnauthenticatedError('no')) }
    const http = { cors, auth: { authenticator: 'k' } }
    const { url } = await startOtlp({ http, extensions: { k: { serverAuth } } })
    expect((await preflight(url(), 'https://a.shop.example')).status).toBe(204)
  })

  test('have no say where nothing is allowed', async () => {
    const { url } = await startOtlp()
    expect((await preflight(url(), 'https://a.shop.example')).status).toBe(405)
  })
})

describe('settings', () => {
  test('a unix socket serves as an address does, and senders there have no address', async () => {
    const endpoint = join(tmpdir(), `millrace-otlp-${process.pid}.sock`)
    const { taken } = await startOtlp({ http: { transport: 'unix', endpoint } })
    const status = await new Promise(resolve => {
      const options = { socketPath: endpoint, path: '/v1/traces', method: 'POST', headers: PROTOBUF }
      request(options, response => resolve(response.statusCode)).end(oneSpan())
    })
    expect([status, taken[0].origin.peer]).toEqual([200, undefined])
  })

  test('paths, headers of answers and the end of connections are as they say', async () => {
    const http = {
      traces_url_path: 'in/traces',
      response_headers: { 'x-served-by': 'edge' },
      keep_alives_enabled: false,
    }
    const { ports, taken } = await startOtlp({ http })
    const response = await post(`http://127.0.0.1:${ports.http}/in/traces`, oneSpan())
    expect([response.status, response.headers.get('x-served-by'), response.headers.get('connection')]).toEqual([
      200,
      'edge',
      'close',
    ])
    expect(taken.length).toBe(1)
  })

  test('only the compression that is listed is taken', async () => {
    const headers = { ...PROTOBUF, 'content-encoding': 'zstd' }
    const { status } = await answer({ http: { compression_algorithms: ['', 'gzip'] } }, oneSpan(), headers)
    expect(status).toBe(415)
  })

  test('named headers are kept with the data, and credentials never', async () => {
    const include_metadata = ['X-Tenant', 'Authorization', 'x-key', 'x-none']
    const serverAuth = { headers: ['x-key'], authenticate() {} }
    const http = { include_metadata, auth: { authenticator: 'k' } }
    const headers = { ...PROTOBUF, 'x-tenant': 'shop', authorization: 'Bearer t', 'x-key': 'k', 'x-other': 'o' }
    const { taken } = await answer({ http, extensions: { k: { serverAuth } } }, oneSpan(), headers)
    expect([...(taken[0].origin.metadata ?? [])]).toEqual([['x-tenant', ['shop']]])
  })

  test('all headers are kept but those about the connection and those that look like secrets', async () => {
    const headers = { ...PROTOBUF, 'x-tenant': 'shop', authorization: 'Bearer t', cookie: 'a=b', 'x-api-key': 'k' }
    const { taken } = await answer({ http: { include_metadata: true } }, oneSpan(), headers)
    const { metadata } = taken[0].origin
    expect([...(metadata?.keys() ?? [])].filter(name => !name.startsWith('sec-'))).toEqual(['x-tenant', 'user-agent'])
  })

  test('no header is kept without being asked for', async () => {
    expect((await answer({}, oneSpan(), { ...PROTOBUF, 'x-tenant': 'shop' })).taken[0].origin.metadata).toBeUndefined()
  })
})
