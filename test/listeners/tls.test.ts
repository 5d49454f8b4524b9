import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/component/clock.ts'
import { tlsServer } from '../../src/config/fields.ts'
import { text } from '../../src/net/answers.ts'
import { listen } from '../../src/net/listen.ts'
import { createListeners, type SharedListeners } from '../../src/net/listeners.ts'
import { serverTls } from '../../src/net/tls.ts'
import { FakeClock } from '../support/clock.ts'
import { freePort } from '../support/ports.ts'
import { RecordedLog } from '../support/settings.ts'
import { ask } from './client.ts'

const testdata = (name: string) => join(import.meta.dirname, 'testdata', name)
const pem = (name: string) => readFileSync(testdata(name), 'utf8')
const certificate = (name: string) => ({ cert: pem(`${name}.cert.pem`), key: pem(`${name}.key.pem`) })
const routes = { '/a': (_: unknown, response: Parameters<typeof text>[0]) => text(response, 200, 'a') }
const open: SharedListeners[] = []
const make = () => {
  const listeners = createListeners({ log: new RecordedLog(), clock: systemClock })
  open.push(listeners)
  return listeners
}
afterEach(() => Promise.all(open.splice(0).map(listeners => listeners.close(AbortSignal.abort()))))

/** Common name of the certificate that the server shows. */
function shownBy(port: number, options = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

describe('TLS', () => {
  test('is spoken at an address that was borrowed with it', async () => {
    const options = { configKey: 'a.endpoint', tls: certificate('first') }
    const { address } = await make().http('127.0.0.1:0', routes, options)
    expect((await ask(address.port, '/a', { tls: true })).body).toBe('a\n')
    await expect(ask(address.port, '/a')).rejects.toThrow()
  })

  test('two components at one address must agree on it', async () => {
    const listeners = make()
    const { address } = await listeners.http('127.0.0.1:0', routes, {
      configKey: 'a.endpoint',
      tls: certificate('first'),
    })
    const endpoint = `0.0.0.0:${address.port}`
    const other = listeners.http(endpoint, routes, { configKey: 'b.endpoint' })
    await expect(other).rejects.toThrow(`b.endpoint and a.endpoint share ${endpoint} with different TLS settings`)
    await listeners.http(`127.0.0.1:${address.port}`, routes, { configKey: 'b.endpoint', tls: certificate('first') })
  })

  test('new certificates of the same component serve new connections, and the old ones again after its release', async () => {
    const listeners = make()
    const borrow = (name: string, port: number) =>
      listeners.http(`127.0.0.1:${port}`, routes, { configKey: 'a.endpoint', tls: certificate(name) })
    const port = await freePort()
    await borrow('first', port)
    const { release } = await borrow('second', port)
    expect(await shownBy(port)).toBe('second.example')
    await release()
    expect(await shownBy(port)).toBe('first.example')
  })

  test('the same component can turn it on and off', async () => {
    const listeners = make()
    const port = await freePort()
    const plain = await listeners.http(`127.0.0.1:${port}`, routes, { configKey: 'a.endpoint' })
    const secure = await listeners.http(`127.0.0.1:${port}`, routes, {
      configKey: 'a.endpoint',
      tls: certificate('first'),
    })
    await plain.release()
    expect((await ask(port, '/a', { tls: true })).body).toBe('a\n')
    await listeners.http(`127.0.0.1:${port}`, routes, { configKey: 'a.endpoint' })
    await secure.release()
    expect((await ask(port, '/a')).body).toBe('a\n')
  })
})

describe('TLS settings', () => {
  const settings = (input: object) =>
    tlsServer().parse({ cert_file: testdata('first.cert.pem'), key_file: testdata('first.key.pem'), ...input })
  const serve = async (input: object) => {
    const tls = await serverTls(settings(input), 'a.tls')
    return (await make().http('127.0.0.1:0', routes, { configKey: 'a.endpoint', tls })).address.port
  }

  test('client_ca_file demands a certificate that it signed', async () => {
    const port = await serve({ client_ca_file: testdata('second.cert.pem') })
    expect((await ask(port, '/a', { tls: true, ...certificate('second') })).body).toBe('a\n')
    await expect(ask(port, '/a', { tls: true, ...certificate('first') })).rejects.toThrow()
    await expect(ask(port, '/a', { tls: true })).rejects.toThrow()
  })

  test('min_version and max_version bound the version', async () => {
    const port = await serve({ max_version: '1.2' })
    await expect(shownBy(port, { minVersion: 'TLSv1.3' })).rejects.toThrow()
    expect(await shownBy(port, { maxVersion: 'TLSv1.2' })).toBe('first.example')
  })

  test("cipher suites and curves go by Go's names", async () => {
    const port = await serve({
      cipher_suites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
      curve_preferences: ['P384'],
    })
    const old = { maxVersion: 'TLSv1.2' }
    expect(await shownBy(port, { ...old, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })).toBe('first.example')
    await expect(shownBy(port, { ...old, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).rejects.toThrow()
    await expect(shownBy(port, { ecdhCurve: 'prime256v1' })).rejects.toThrow()
    expect(await shownBy(port, { ecdhCurve: 'secp384r1' })).toBe('first.example')
  })

  test.each([
    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
    'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
    'TLS_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_RSA_WITH_AES_256_CBC_SHA',
    'TLS_AES_128_GCM_SHA256',
  ])('%s is a suite that can be chosen', async suite => {
    await expect(serverTls(settings({ cipher_suites: [suite] }), 'a.tls')).resolves.toBeDefined()
  })

  test.each([
    [
      'a file that is not there',
      { cert_file: '/nowhere/cert.pem' },
      "a.tls.cert_file: can't read /nowhere/cert.pem (ENOENT)",
    ],
    ['a file that is something else', { cert_file: testdata('README.md') }, 'a.tls: not usable for TLS'],
    ['a key of another certificate', { key_file: testdata('second.key.pem') }, 'a.tls: not usable for TLS'],
    ['an unknown cipher suite', { cipher_suites: ['TLS_NONE'] }, 'a.tls.cipher_suites: unknown cipher suite TLS_NONE'],
    ['an unknown curve', { curve_preferences: ['P999'] }, 'a.tls: not usable for TLS'],
  ])('%s is a StartError that names the key', async (_, input, message) => {
    await expect(serverTls(settings(input), 'a.tls')).rejects.toThrow(message)
  })

  test('reload_interval reads certificates again, and keeps the old ones when the new are broken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
    const use = (name: string) => {
      for (const part of ['cert', 'key']) copyFileSync(testdata(`${name}.${part}.pem`), join(folder, `${part}.pem`))
    }
    use('first')
    const [clock, log, listeners] = [new FakeClock(), new RecordedLog(), make()]
    const tls = tlsServer().parse({
      cert_file: join(folder, 'cert.pem'),
      key_file: join(folder, 'key.pem'),
      reload_interval: '1m',
    })
    const where = { configKey: 'exporters.x', endpoint: '127.0.0.1:0', tls }
    const { address, release } = await listen({ listeners, clock, log }, where, routes)
    use('second')
    await clock.advance(60_000)
    await expect.poll(() => log.lines).toEqual(['info: certificates were read again'])
    expect(await shownBy(address.port)).toBe('second.example')
    copyFileSync(testdata('README.md'), join(folder, 'cert.pem'))
    await expect.poll(() => clock.pending).toBe(1)
    await clock.advance(60_000)
    await expect.poll(() => log.lines[1]).toBe('warn: certificates could not be renewed; the old ones stay')
    expect(await shownBy(address.port)).toBe('second.example')
    await release()
    expect(clock.pending).toBe(0)
    rmSync(folder, { recursive: true })
  })
})
