import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/component/clock.ts'
import { FLAG } from '../../src/telemetry/metrics/batch.ts'
import { counter, gauge } from '../../src/telemetry/metrics/descriptor.ts'
import { startExporter, type TestExporter } from '../../test/support/prometheus_exporter.ts'
import { fakeSettings } from '../../test/support/settings.ts'
import { prometheus } from './exporter.ts'

async function exporter(settings: object = {}, over: object = {}): Promise<TestExporter> {
  const one = await startExporter(settings, undefined, over)
  onTestFinished(() => one.stop())
  return one
}
const load = gauge('node_load1', '')

/** A scraper that asks and then reads nothing. */
async function neverReads(url: string): Promise<Socket> {
  const { hostname, port, pathname } = new URL(url)
  const socket = createConnection({ host: hostname, port: Number(port) })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`)
  return socket
}

/** More than the buffers of both ends of a socket hold. */
function fill(one: TestExporter, value: number): void {
  const labels = { long: 'x'.repeat(4000) }
  one.push(...Array.from({ length: 4000 }, (_, i) => ({ metric: load, labels: { ...labels, i: String(i) }, value })))
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await turn()
}

describe('the page', () => {
  test('is compressed for whoever takes gzip', async () => {
    const one = await exporter()
    one.push({ metric: load, value: 0.5 })
    const response = await fetch(one.url, { headers: { 'accept-encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(await response.text()).toBe('# TYPE node_load1 gauge\nnode_load1 0.5\n')
  })

  test('is compressed into what it is', async () => {
    const one = await exporter()
    one.push({ metric: load, value: 0.5 })
    const { hostname, port } = new URL(one.url)
    const socket = createConnection({ host: hostname, port: Number(port) })
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n')
    const answer = await buffer(socket)
    const [head, length] = [
      answer.indexOf('\r\n\r\n') + 4,
      /Content-Length: (\d+)/.exec(answer.toString('latin1'))?.[1],
    ]
    expect(answer.length - head).toBe(Number(length))
    expect(gunzipSync(answer.subarray(head)).toString()).toBe('# TYPE node_load1 gauge\nnode_load1 0.5\n')
  })

  test('has a length for HEAD and no body', async () => {
    const one = await exporter()
    one.push({ metric: load })
    const { status, bytes } = await one.scrape('', {}, 'HEAD')
    expect([status, bytes.length]).toEqual([200, 0])
    const response = await fetch(one.url, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } })
    expect(response.headers.get('content-length')).toBe('37')
  })

  test('is not for other methods', async () => {
    const one = await exporter()
    expect((await one.scrape('', {}, 'POST')).status).toBe(405)
  })

  test('is found from the page at /', async () => {
    const one = await exporter({ path: '/m&m' })
    const root = new URL('/', one.url)
    expect(await (await fetch(root)).text()).toContain('<a href="/m&amp;m">')
    expect((await fetch(new URL('/else', one.url))).status).toBe(404)
  })

  test('may be served at / itself', async () => {
    const one = await exporter({ path: '/' })
    one.push({ metric: load })
    expect((await one.scrape()).samples).toEqual(['node_load1 1'])
  })

  test('is empty when there is nothing to show', async () => {
    const one = await exporter({ enable_open_metrics: true })
    expect(await one.scrape()).toMatchObject({ status: 200, text: '' })
    expect((await one.scrape('', { accept: 'application/openmetrics-text;version=1.0.0' })).text).toBe('# EOF\n')
  })
})

describe('scrapers at the same time', () => {
  test('share one rendering', async () => {
    const one = await exporter()
    fill(one, 1)
    const [first, second] = await Promise.all([one.scrape(), one.scrape()])
    expect(first.bytes.equals(second.bytes)).toBe(true)
    expect(one.collections.requests).toHaveLength(2)
  })

  test('see whole pages while batches keep coming', async () => {
    // A clock that moves makes rendering give way; what is removed meanwhile must not show up as something else.
    const one = await exporter({}, { clock: { ...systemClock, monotonicMs: () => (now += 3) } })
    let now = 0
    for (let round = 0; round < 5; round++) {
      const metrics = [counter(`a_${round}_total`, ''), counter(`b_${round}_total`, '')]
      one.collect(
        ...metrics.flatMap(metric => Array.from({ length: 3000 }, (_, i) => ({ metric, labels: { i: String(i) } }))),
      )
      const scrape = one.scrape()
      await turn()
      one.collect(
        ...Array.from({ length: 3000 }, (_, i) => ({ metric: counter('c_total', ''), labels: { i: String(i) } })),
      )
      await one.scrape()
      const lines = (await scrape).samples
      expect(lines.filter(line => !/^[abc]_(\d_)?total\{i="\d+"\} 1$/.test(line))).toEqual([])
      expect(new Set(lines).size).toBe(lines.length)
    }
  })

  test('one who never reads costs the others nothing, and is cut off', async () => {
    const one = await exporter({ write_timeout: '10s' })
    fill(one, 1)
    const stuck = await neverReads(one.url)
    await until(() => one.clock.pending >= 2)
    fill(one, 2)
    const { samples } = await one.scrape()
    expect(samples).toHaveLength(4000)
    expect(samples.every(line => line.endsWith(' 2'))).toBe(true)
    await until(() => one.clock.pending === 2)
    const closed = once(stuck, 'close')
    await one.clock.advance(10_000)
    stuck.resume()
    stuck.on('error', () => {})
    await closed
  })

  test('too many who never read make room for one who does', async () => {
    const one = await exporter({ write_timeout: '1h' })
    fill(one, 1)
    const stuck = await Promise.all(Array.from({ length: 40 }, () => neverReads(one.url)))
    for (const socket of stuck) socket.on('error', () => {})
    await until(() => one.clock.pending >= 41)
    expect((await one.scrape()).samples).toHaveLength(4000)
  })
})

test('a 0 counts as seen only when a scraper has the whole page', async () => {
  const one = await exporter()
  one.push(
    { metric: counter('x_total', ''), value: 0, flags: FLAG.FRESH },
    { metric: counter('x_total', ''), value: 4 },
  )
  fill(one, 1)
  const last = async () => (await one.scrape()).samples.at(-1)
  const stuck = await neverReads(one.url)
  await until(() => one.clock.pending >= 2)
  stuck.destroy()
  await until(() => one.clock.pending === 1)
  await one.scrape('', {}, 'HEAD')
  expect(await last()).toBe('x_total 0')
  expect(await last()).toBe('x_total 4')
})

describe('start', () => {
  test('names the config key when the port is taken', async () => {
    const one = await exporter()
    const settings = { endpoint: new URL(one.url).host }
    await expect(startExporter(settings)).rejects.toMatchObject({
      name: 'StartError',
      configKey: 'exporters.prometheus.endpoint',
    })
  })

  test('names the config key when a certificate cannot be read', async () => {
    const settings = { tls: { cert_file: '/nowhere/cert.pem', key_file: '/nowhere/key.pem' } }
    await expect(startExporter(settings)).rejects.toMatchObject({ configKey: 'exporters.prometheus.tls.cert_file' })
  })

  test('declares its address and path beforehand', () => {
    const parsed = prometheus.config.parse({ endpoint: '127.0.0.1:1', path: '/x' })
    expect(prometheus.listens?.(parsed)).toEqual([{ key: 'endpoint', endpoint: '127.0.0.1:1', paths: ['/x'] }])
    expect(prometheus.create(parsed as never, fakeSettings()).describe?.()).toContain('http://127.0.0.1:1/x')
  })
})
