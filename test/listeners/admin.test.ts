import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { healthCheck } from '../../extensions/health_check/extension.ts'
import { systemClock } from '../../src/component/clock.ts'
import { createListeners, type SharedListeners } from '../../src/net/listeners.ts'
import { Ledger } from '../../src/pipeline/observe.ts'
import { createAdmin, type ReloadOutcome } from '../../src/self/admin.ts'
import { createHealth } from '../../src/self/health.ts'
import { createOwnMetrics } from '../../src/self/metrics.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import { checkMetrics } from '../support/servers/promtool.ts'
import { describeWith } from '../support/servers/requires.ts'
import { fakeSettings, RecordedLog } from '../support/settings.ts'
import { type Ask, ask } from './client.ts'

const clock = systemClock
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function serve({ endpoint = '127.0.0.1:0', own = true } = {}) {
  const log = new RecordedLog()
  const listeners: SharedListeners = createListeners({ log, clock })
  const ledger = new Ledger()
  const health = createHealth({ clock, ledger, version: '1.2.3' })
  const series = new SeriesTable()
  const metrics = own ? createOwnMetrics({ ledger, clock, series, version: '1.2.3' }) : undefined
  const outcomes: ReloadOutcome[] = []
  const reload = async () => outcomes.shift() ?? { ok: true as const, changed: [] }
  const configKey = 'service.admin.endpoint'
  const admin = createAdmin({ listeners, endpoint, configKey, health, metrics, reload, log, clock })
  const { port } = (await admin.start()).address
  stops.push(async () => {
    await metrics?.shutdown()
    await listeners.close(AbortSignal.abort())
  })
  const get = (path: string, options?: Ask) => ask(port, path, options)
  return { listeners, ledger, health, outcomes, admin, port, get }
}

describe('the admin server', () => {
  test('/health is 200 unless the agent is unhealthy', async () => {
    const { health, get } = await serve()
    const loki = health.component({ kind: 'exporter', id: 'loki' })
    loki.report('degraded', 'slow')
    const degraded = await get('/health')
    expect(degraded.status).toBe(200)
    expect(JSON.parse(degraded.body)).toEqual({
      status: 'degraded',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      version: '1.2.3',
      uptime: expect.any(Number),
      memory_usage: expect.any(Number),
      cpu_usage: expect.any(Number),
      checks: { 'exporters.loki': false },
    })
    loki.report('unhealthy')
    expect((await get('/health')).status).toBe(503)
    expect((await get('/health/detailed')).status).toBe(503)
  })

  test('/health/detailed tells what each component says', async () => {
    const { health, get } = await serve()
    health.component({ kind: 'exporter', id: 'loki' }).report('degraded', 'slow')
    expect(JSON.parse((await get('/health/detailed')).body).checks).toEqual({
      'exporters.loki': { status: 'degraded', message: 'slow' },
    })
  })

  test('/ready refuses before the start is done and while draining', async () => {
    const { health, get } = await serve()
    expect(await get('/ready')).toMatchObject({ status: 503, body: 'starting\n' })
    health.enter('ready')
    expect(await get('/ready')).toMatchObject({ status: 200, body: 'ready\n' })
    health.enter('draining')
    expect(await get('/ready')).toMatchObject({ status: 503, body: 'draining\n' })
  })

  test("/ answers as the Collector's health check", async () => {
    const { health, get } = await serve()
    expect((await get('/')).status).toBe(503)
    health.enter('ready')
    expect(JSON.parse((await get('/')).body)).toMatchObject({ status: 'Server available' })
  })

  test('any other path is told what there is', async () => {
    const { get } = await serve()
    expect(await get('/metricss')).toMatchObject({
      status: 404,
      body: 'Nothing is served at /metricss here. There is: / /-/reload /health /health/detailed /metrics /ready\n',
    })
  })

  test('/metrics is a page of text 0.0.4, and is not there when own metrics are off', async () => {
    const { get } = await serve()
    const page = await get('/metrics')
    expect(page.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(page.body).toContain('\nmillrace_build_info{version="1.2.3",')
    expect((await (await serve({ own: false })).get('/metrics')).status).toBe(404)
  })

  test('POST /-/reload says what changed, or why nothing did; GET is no reload', async () => {
    const { outcomes, get } = await serve()
    outcomes.push(
      { ok: true, changed: ['exporters.loki'] },
      { ok: false, problems: ['config.yaml:3:1 x: unknown key'] },
    )
    expect(await get('/-/reload')).toMatchObject({ status: 405, headers: { allow: 'POST' } })
    const done = await get('/-/reload', { method: 'POST' })
    expect([done.status, JSON.parse(done.body)]).toEqual([200, { ok: true, changed: ['exporters.loki'] }])
    const kept = await get('/-/reload', { method: 'POST' })
    expect([kept.status, JSON.parse(kept.body)]).toEqual([
      400,
      { ok: false, problems: ['config.yaml:3:1 x: unknown key'] },
    ])
  })

  test('stop gives its paths back', async () => {
    const { admin, get } = await serve()
    await admin.stop()
    expect((await get('/health')).status).toBe(503)
  })
})

describe('what is for this machine alone', () => {
  const PUBLIC = ['/', '/health', '/ready', '/metrics']
  const LOCAL: [string, Ask][] = [
    ['/health/detailed', {}],
    ['/-/reload', { method: 'POST' }],
  ]

  test.each(LOCAL)('%s answers local programs and pages of its own', async (path, options) => {
    const { port, get } = await serve()
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'localhost']) {
      expect((await get(path, { ...options, headers: { host } })).status).toBe(200)
      expect((await get(path, { ...options, headers: { host, origin: `http://${host}` } })).status).toBe(200)
    }
  })

  test.each(LOCAL)('%s refuses a host name that was bent to this machine', async (path, options) => {
    const { get } = await serve()
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.7',
      '127.evil.example',
    ]) {
      const { status, body } = await get(path, { ...options, headers: { host } })
      expect([host, status]).toEqual([host, 403])
      expect(body).toContain(`its Host header is ${host}`)
    }
  })

  test.each(LOCAL)('%s refuses what a foreign page sends', async (path, options) => {
    const { port, get } = await serve()
    const host = `127.0.0.1:${port}`
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`, 'http://localhost']) {
      expect((await get(path, { ...options, headers: { host, origin } })).status).toBe(403)
    }
  })

  const outside = Object.values(networkInterfaces())
    .flat()
    .find(address => address?.family === 'IPv4' && !address.internal)?.address

  test.skipIf(!outside)('refuses other machines, and the rest answers them', async () => {
    const { health, get } = await serve({ endpoint: '0.0.0.0:0' })
    health.enter('ready')
    const from = { host: outside, localAddress: outside, headers: { host: '127.0.0.1' } }
    for (const path of PUBLIC) expect([path, (await get(path, from)).status]).toEqual([path, 200])
    for (const [path, options] of LOCAL) {
      expect(await get(path, { ...options, ...from })).toMatchObject({ status: 403 })
    }
  })

  test('the public pages answer any host name and page', async () => {
    const { health, get } = await serve()
    health.enter('ready')
    const headers = { host: 'agent.example', origin: 'http://evil.example' }
    for (const path of PUBLIC) expect((await get(path, { headers })).status).toBe(200)
  })
})

describe('the health_check extension at the same address', () => {
  test.each(['127.0.0.1', '0.0.0.0'])('on %s it answers at its path and the admin pages go on', async host => {
    const { listeners, health, port, get } = await serve()
    health.enter('ready')
    const config = healthCheck.config.parse({ endpoint: `${host}:${port}`, response_body: { healthy: 'fine' } })
    const extension = healthCheck.create(
      config,
      fakeSettings({ kind: 'extension', id: 'health_check', listeners, health }),
    )
    await extension.start?.()
    expect((await get('/')).body).toBe('fine')
    expect((await get('/ready')).body).toBe('ready\n')
    await extension.shutdown?.(AbortSignal.timeout(5000))
    await listeners.settle()
    expect(JSON.parse((await get('/')).body)).toMatchObject({ status: 'Server available' })
  })
})

describeWith(['promtool'], 'promtool', () => {
  test('has nothing to say about the page of own metrics', async () => {
    const { ledger, get } = await serve()
    for (const kind of ['receiver', 'processor', 'connector', 'exporter'] as const) {
      const items = ledger.counters(kind, `odd "id"\\/x`, 'logs', kind === 'processor' ? 'logs/1' : undefined)
      items.accepted = 2 ** 40
      items.drop('full', 1)
    }
    ledger.skippedCollections.set('node', 1)
    expect(await checkMetrics((await get('/metrics')).body)).toEqual([])
  })
})
