import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/component/clock.ts'
import { StartError } from '../../src/component/errors.ts'
import type { HttpHandler } from '../../src/component/types.ts'
import { byMethod, text } from '../../src/net/answers.ts'
import { readBody } from '../../src/net/body.ts'
import { createListeners, type ListenersOptions, type SharedListeners } from '../../src/net/listeners.ts'
import { FakeClock } from '../support/clock.ts'
import { freePort } from '../support/ports.ts'
import { RecordedLog } from '../support/settings.ts'
import { ask, keepAlive } from './client.ts'

const says =
  (words: string): HttpHandler =>
  (_, response) =>
    text(response, 200, words)
const key = (configKey = 'exporters.test.endpoint') => ({ configKey })
const open: SharedListeners[] = []
const log = new RecordedLog()

function make(options: Partial<ListenersOptions> = {}): SharedListeners {
  const listeners = createListeners({ log, clock: systemClock, ...options })
  open.push(listeners)
  return listeners
}

afterEach(async () => {
  log.lines.length = 0
  await Promise.all(open.splice(0).map(listeners => listeners.close(AbortSignal.abort())))
})

const refused = (port: number, host = '127.0.0.1') =>
  ask(port, '/', { host }).then(
    () => false,
    () => true,
  )

async function occupy(port: number, host: string): Promise<Server> {
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  return server
}

describe('borrowing', () => {
  test('components at one address share its socket', async () => {
    const listeners = make()
    const port = await freePort()
    await listeners.http(`127.0.0.1:${port}`, { '/a': says('a') }, key())
    await listeners.http(`localhost:${port}`, { '/b': says('b') }, key('exporters.other.endpoint'))
    expect((await ask(port, '/a')).body).toBe('a\n')
    expect((await ask(port, '/b?x=1')).body).toBe('b\n')
  })

  test('a new borrower of a path takes over at once, and the old one serves again when it goes', async () => {
    const listeners = make()
    const { address, release } = await listeners.http('127.0.0.1:0', { '/a': says('old') }, key())
    const fresh = await listeners.http(`127.0.0.1:${address.port}`, { '/a': says('new') }, key())
    expect((await ask(address.port, '/a')).body).toBe('new\n')
    await fresh.release()
    expect((await ask(address.port, '/a')).body).toBe('old\n')
    await release()
  })

  test('a released address stays open for its next borrower until things have settled', async () => {
    const listeners = make()
    const { address, release } = await listeners.http('127.0.0.1:0', { '/a': says('a') }, key())
    const agent = keepAlive()
    await ask(address.port, '/a', { agent })
    await release()
    expect(await ask(address.port, '/a', { agent })).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    const again = await listeners.http(`127.0.0.1:${address.port}`, { '/a': says('again') }, key())
    await listeners.settle()
    expect((await ask(address.port, '/a')).body).toBe('again\n')
    await again.release()
    await listeners.settle()
    expect(await refused(address.port)).toBe(true)
  })

  test('port 0 is another port each time, but the same one for the component that asks again', async () => {
    const listeners = make()
    const first = await listeners.http('127.0.0.1:0', { '/a': says('a') }, key('a'))
    const other = await listeners.http('127.0.0.1:0', { '/a': says('b') }, key('b'))
    const again = await listeners.http('127.0.0.1:0', { '/a': says('c') }, key('a'))
    expect(other.address.port).not.toBe(first.address.port)
    expect(again.address).toEqual(first.address)
    expect((await ask(first.address.port, '/a')).body).toBe('c\n')
  })

  test('release waits for the handlers that run', async () => {
    const listeners = make()
    let finish: (() => void) | undefined
    const slow: HttpHandler = async (_, response) => {
      await new Promise<void>(resolve => (finish = resolve))
      text(response, 200, 'slow')
    }
    const { address, release } = await listeners.http('127.0.0.1:0', { '/slow': slow }, key())
    const answer = ask(address.port, '/slow')
    await expect.poll(() => finish).toBeDefined()
    let released = false
    const releasing = release().then(() => (released = true))
    await new Promise(resolve => setImmediate(resolve))
    expect(released).toBe(false)
    finish?.()
    await releasing
    expect((await answer).body).toBe('slow\n')
  })

  test('release gives up waiting for a handler that never ends', async () => {
    const clock = new FakeClock()
    const listeners = make({ clock, drainMs: 1000 })
    let asked = false
    const never: HttpHandler = () => {
      asked = true
      return new Promise(() => {})
    }
    const { address, release } = await listeners.http('127.0.0.1:0', { '/never': never }, key())
    const answer = ask(address.port, '/never').catch(() => 'no answer')
    await expect.poll(() => asked).toBe(true)
    const releasing = release()
    await expect.poll(() => clock.pending).toBe(1)
    await clock.advance(1000)
    await releasing
    await listeners.close(AbortSignal.abort())
    expect(await answer).toBe('no answer')
  })
})

describe('narrow and wide addresses of one port', () => {
  test('a narrow borrow joins the wide socket, and only connections to its own address reach it', async () => {
    const listeners = make()
    const port = await freePort()
    await listeners.http(`0.0.0.0:${port}`, { '/wide': says('wide') }, key())
    await listeners.http(`127.0.0.1:${port}`, { '/narrow': says('narrow') }, key('service.admin.endpoint'))
    expect((await ask(port, '/narrow')).body).toBe('narrow\n')
    expect(await ask(port, '/narrow', { host: '127.0.0.2' })).toMatchObject({
      status: 404,
      body: 'Nothing is served at /narrow here. There is: /wide\n',
    })
  })

  test('a wide borrow widens a narrow socket while its connections go on', async () => {
    const listeners = make()
    const port = await freePort()
    await listeners.http(`127.0.0.1:${port}`, { '/narrow': says('narrow') }, key())
    const agent = keepAlive()
    const before = await ask(port, '/narrow', { agent })
    await listeners.http(`0.0.0.0:${port}`, { '/wide': says('wide') }, key('extensions.health_check.endpoint'))
    expect((await ask(port, '/wide', { host: '127.0.0.2' })).body).toBe('wide\n')
    expect(before.headers.connection).toBe('keep-alive')
    const socket = Object.values(agent.freeSockets)[0]?.[0]
    expect((await ask(port, '/wide', { agent })).body).toBe('wide\n')
    expect(Object.values(agent.freeSockets)[0]?.[0]).toBe(socket)
    agent.destroy()
  })

  test('the socket is narrow again once the wide borrower is gone', async () => {
    const listeners = make()
    const port = await freePort()
    await listeners.http(`127.0.0.1:${port}`, { '/narrow': says('narrow') }, key())
    const wide = await listeners.http(`0.0.0.0:${port}`, { '/wide': says('wide') }, key('other'))
    await wide.release()
    await listeners.settle()
    expect(await refused(port, '127.0.0.2')).toBe(true)
    expect((await ask(port, '/narrow')).body).toBe('narrow\n')
  })

  test('a socket that cannot be widened goes on as it was', async () => {
    const listeners = make()
    const port = await freePort()
    const other = await occupy(port, '127.0.0.2')
    await listeners.http(`127.0.0.1:${port}`, { '/narrow': says('narrow') }, key())
    const widening = listeners.http(`0.0.0.0:${port}`, { '/narrow': says('wide') }, key('other.endpoint'))
    await expect(widening).rejects.toThrow(`0.0.0.0:${port} is in use by another process`)
    expect((await ask(port, '/narrow')).body).toBe('narrow\n')
    other.close()
  })
})

describe('addresses that cannot be opened', () => {
  test.each([
    ['a port in use', '127.0.0.1', 'is in use by another process; set exporters.prometheus.endpoint to a free address'],
    ['an address of another machine', '192.0.2.1', 'is no address of this machine; set exporters.prometheus.endpoint'],
    [
      'a name without address',
      'nowhere.invalid',
      'has a host name without an address; set exporters.prometheus.endpoint',
    ],
  ])('%s is a StartError that says which key to change', async (_, host, message) => {
    const port = await freePort()
    const other = await occupy(port, '127.0.0.1')
    const error = await make()
      .http(`${host}:${port}`, {}, key('exporters.prometheus.endpoint'))
      .catch(reason => reason)
    expect(error).toBeInstanceOf(StartError)
    expect(error.message).toContain(`${host}:${port} ${message}`)
    expect(error.configKey).toBe('exporters.prometheus.endpoint')
    other.close()
  })

  test('an address that was taken can be borrowed once it is free', async () => {
    const listeners = make()
    const port = await freePort()
    const other = await occupy(port, '127.0.0.1')
    await expect(listeners.http(`127.0.0.1:${port}`, {}, key())).rejects.toThrow(StartError)
    other.close()
    await once(other, 'close')
    await listeners.http(`127.0.0.1:${port}`, { '/a': says('a') }, key())
    expect((await ask(port, '/a')).body).toBe('a\n')
  })
})

describe('what a request can meet', () => {
  const serve = async (routes: Record<string, HttpHandler>, options: Partial<ListenersOptions> = {}) =>
    (await make(options).http('127.0.0.1:0', routes, key())).address.port

  test('an unknown path is answered with the paths that there are', async () => {
    const port = await serve({ '/metrics': says('m'), '/b': says('b') })
    expect(await ask(port, '/metric')).toMatchObject({
      status: 404,
      body: 'Nothing is served at /metric here. There is: /b /metrics\n',
    })
  })

  test('a handler that throws costs one answer 500 and a line in the log, without the query', async () => {
    const fails: HttpHandler = async () => {
      throw new Error('broken inside')
    }
    const port = await serve({ '/fails': fails, '/ok': says('ok') })
    expect(await ask(port, '/fails?token=x')).toMatchObject({
      status: 500,
      body: 'The request failed; the log says why\n',
    })
    expect(log.lines).toEqual(['error: request failed'])
    expect((await ask(port, '/ok')).status).toBe(200)
  })

  test('a handler that throws after it began to answer ends the connection, so that nothing looks complete', async () => {
    const fails: HttpHandler = (_, response) => {
      response.write('half')
      throw new Error('broken inside')
    }
    const port = await serve({ '/fails': fails })
    await expect(ask(port, '/fails')).rejects.toThrow()
  })

  test('a method that is not served gets 405 with those that are; HEAD is as GET', async () => {
    const port = await serve({ '/x': byMethod({ GET: says('got'), POST: says('posted') }) })
    expect(await ask(port, '/x', { method: 'PUT' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, POST' },
    })
    expect(await ask(port, '/x', { method: 'POST' })).toMatchObject({ status: 200, body: 'posted\n' })
    expect(await ask(port, '/x', { method: 'HEAD' })).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '4' },
    })
  })

  test('a body is read up to its limit, and refused beyond it with an answer that arrives', async () => {
    const echo: HttpHandler = async (request, response) => {
      const body = await readBody(request, { limitBytes: 100_000 })
      text(response, 200, `${body.length} of ${body.buffer.byteLength}`)
    }
    const port = await serve({ '/echo': echo })
    const post = (length: number, headers = {}) =>
      ask(port, '/echo', { method: 'POST', body: 'x'.repeat(length), headers })
    expect((await post(100_000)).body).toBe('100000 of 100000\n')
    expect((await post(0)).body).toBe('0 of 0\n')
    expect((await post(4_000_000)).status).toBe(413)
    expect((await post(4_000_000, { 'Transfer-Encoding': 'chunked' })).status).toBe(413)
  })

  test('a refused body does not block the requests behind it on the same connection', async () => {
    const read: HttpHandler = async request => void (await readBody(request, { limitBytes: 1000 }))
    const port = await serve({ '/read': read, '/a': says('a') })
    const agent = keepAlive()
    const headers = { 'Transfer-Encoding': 'chunked' }
    const body = 'x'.repeat(16_000_000)
    expect((await ask(port, '/read', { method: 'POST', agent, headers, body })).status).toBe(413)
    expect((await ask(port, '/a', { agent })).body).toBe('a\n')
    agent.destroy()
  })

  test('a body that ends early is an error for the handler, and one whose reading is given up another', async () => {
    const errors: string[] = []
    const aborter = new AbortController()
    let began = false
    const read: HttpHandler = async request => {
      began = true
      await readBody(request, { limitBytes: 1000, signal: aborter.signal }).catch(error => errors.push(error.message))
    }
    const port = await serve({ '/read': read })
    const half = async () => {
      began = false
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write('POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
      await expect.poll(() => began).toBe(true)
      return socket
    }
    ;(await half()).destroy()
    await expect.poll(() => errors).toEqual(['the request ended before its body did (aborted)'])
    await half()
    aborter.abort(new Error('no time left'))
    await expect.poll(() => errors.slice(1)).toEqual(['no time left'])
  })

  test('headers that are too large or too slow are refused', async () => {
    const port = await serve({ '/a': says('a') }, { limits: { maxHeaderBytes: 2048, headerTimeoutMs: 50 } })
    expect((await ask(port, '/a', { headers: { 'X-Large': 'x'.repeat(4000) } })).status).toBe(431)
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /a HTTP/1.1\r\nHost: a\r\n')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1.1 408 /)
  })

  test('connections beyond the most allowed are refused, and logged', async () => {
    const port = await serve({ '/a': says('a') }, { limits: { maxConnections: 1 } })
    const agent = keepAlive()
    await ask(port, '/a', { agent })
    await expect(ask(port, '/a')).rejects.toThrow()
    expect(log.lines).toEqual(['warn: connection refused: too many are open'])
    agent.destroy()
  })

  test('an unused connection is kept for 75 seconds', async () => {
    const port = await serve({ '/a': says('a') })
    const agent = keepAlive()
    expect((await ask(port, '/a', { agent })).headers['keep-alive']).toBe('timeout=75')
    agent.destroy()
  })
})

describe('closing', () => {
  const never = new AbortController().signal

  test('ends idle connections at once', async () => {
    const listeners = make()
    const { address } = await listeners.http('127.0.0.1:0', { '/a': says('a') }, key())
    const idle = keepAlive()
    await ask(address.port, '/a', { agent: idle })
    await listeners.close(never)
    expect(await refused(address.port)).toBe(true)
    idle.destroy()
  })

  test('takes no new connections, lets running requests end, and then ends theirs', async () => {
    const listeners = make()
    let finish: (() => void) | undefined
    const slow: HttpHandler = async (_, response) => {
      await new Promise<void>(resolve => (finish = resolve))
      text(response, 200, 'slow')
    }
    const { address } = await listeners.http('127.0.0.1:0', { '/slow': slow }, key())
    const busy = keepAlive()
    const answer = ask(address.port, '/slow', { agent: busy })
    await expect.poll(() => finish).toBeDefined()
    const closing = listeners.close(never)
    await expect.poll(() => refused(address.port)).toBe(true)
    finish?.()
    expect((await answer).body).toBe('slow\n')
    await closing
    busy.destroy()
  })

  test('ends requests that still run at the deadline', async () => {
    const listeners = make()
    let asked = false
    const never: HttpHandler = () => {
      asked = true
    }
    const { address } = await listeners.http('127.0.0.1:0', { '/never': never }, key())
    const answer = ask(address.port, '/never')
    const failed = expect(answer).rejects.toThrow()
    await expect.poll(() => asked).toBe(true)
    const deadline = new AbortController()
    const closing = listeners.close(deadline.signal)
    deadline.abort()
    await closing
    await failed
  })

  test('a borrow after it is refused, and a release after it opens nothing again', async () => {
    const listeners = make()
    const { address, release } = await listeners.http('127.0.0.1:0', { '/a': says('a') }, key('a'))
    await listeners.http(`127.0.0.1:${address.port}`, { '/b': says('b') }, key('b'))
    await listeners.close(AbortSignal.abort())
    await release()
    expect(await refused(address.port)).toBe(true)
    await expect(listeners.http('127.0.0.1:0', {}, key())).rejects.toThrow('the agent is stopping')
  })
})
