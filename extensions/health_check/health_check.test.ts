import { describe, expect, test } from 'vitest'
import type { HealthStatus, Listeners } from '../../src/component/types.ts'
import { createListeners } from '../../src/net/listeners.ts'
import { FakeClock } from '../../test/support/clock.ts'
import { fakeSettings, RecordedLog } from '../../test/support/settings.ts'
import { healthCheck } from './extension.ts'

const START_MS = Date.UTC(2026, 0, 31, 9, 30)

async function serve(input: object, state: { status: HealthStatus; ready: boolean }) {
  const clock = new FakeClock(START_MS)
  const listeners = createListeners({ log: new RecordedLog(), clock })
  let port = 0
  const health = { status: () => state.status, ready: () => state.ready, upSinceMs: START_MS }
  const settings = fakeSettings({
    kind: 'extension',
    id: 'health_check',
    clock,
    health,
    listeners: {
      async http(...borrow) {
        const borrowed = await listeners.http(...borrow)
        port = borrowed.address.port
        return borrowed
      },
      grpc: listeners.grpc,
    },
  })
  const extension = healthCheck.create(healthCheck.config.parse({ endpoint: '127.0.0.1:0', ...input }), settings)
  await extension.start?.()
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })
  const stop = async () => {
    await extension.shutdown?.(AbortSignal.abort())
    await listeners.close(AbortSignal.abort())
  }
  return { clock, get, stop }
}

describe('health_check', () => {
  test("answers as the Collector's, and 503 while the agent is not available", async () => {
    const state: { status: HealthStatus; ready: boolean } = { status: 'healthy', ready: false }
    const { clock, get, stop } = await serve({}, state)
    const starting = await get('/')
    expect(starting.status).toBe(503)
    expect(await starting.json()).toEqual({
      status: 'Server not available',
      upSince: '0001-01-01T00:00:00Z',
      uptime: '',
    })
    state.ready = true
    await clock.advance(83_500)
    const ready = await get('/')
    expect(ready.status).toBe(200)
    expect(ready.headers.get('content-type')).toBe('application/json')
    expect(await ready.json()).toEqual({
      status: 'Server available',
      upSince: '2026-01-31T09:30:00.000Z',
      uptime: '1m23.5s',
    })
    state.status = 'degraded'
    expect((await get('/')).status).toBe(200)
    state.status = 'unhealthy'
    expect((await get('/')).status).toBe(503)
    await stop()
  })

  test('answers with the texts that the config gives', async () => {
    const state: { status: HealthStatus; ready: boolean } = { status: 'healthy', ready: true }
    const { get, stop } = await serve({ response_body: { healthy: 'fine', unhealthy: 'broken' } }, state)
    expect(await (await get('/')).text()).toBe('fine')
    state.status = 'unhealthy'
    const answer = await get('/')
    expect([answer.status, await answer.text()]).toEqual([503, 'broken'])
    await stop()
  })

  test('answers at its path alone', async () => {
    const { get, stop } = await serve({ path: '/healthz' }, { status: 'healthy', ready: true })
    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/')).status).toBe(404)
    await stop()
  })

  test("without settings it is the Collector's: localhost:13133, every path", () => {
    const config = healthCheck.config.parse({})
    expect(healthCheck.listens?.(config)).toEqual([{ key: 'endpoint', endpoint: 'localhost:13133', paths: ['/'] }])
  })

  test('refuses a path that is none', () => {
    expect(healthCheck.config.safeParse({ path: 'healthz' }).error?.issues[0].message).toBe('a path begins with /')
  })

  test('a listener that cannot be opened names its key', async () => {
    const keys: string[] = []
    const listeners: Listeners = {
      async http(_, __, options) {
        keys.push(options.configKey)
        throw new Error('taken')
      },
      grpc: () => Promise.reject(new Error('no gRPC here')),
    }
    const settings = fakeSettings({ kind: 'extension', id: 'health_check/two', listeners })
    const extension = healthCheck.create(healthCheck.config.parse({}), settings)
    await expect(extension.start?.()).rejects.toThrow('taken')
    await extension.shutdown?.(AbortSignal.abort())
    expect(keys).toEqual(['extensions.health_check/two.endpoint'])
  })
})
