import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { Ledger } from '../pipeline/observe.ts'
import { createHealth } from './health.ts'

function make() {
  const clock = new FakeClock(Date.UTC(2026, 0, 31, 9, 30))
  const ledger = new Ledger()
  const used = { memory: 100 * 2 ** 20, micros: 0 }
  const usage = { residentMemory: () => used.memory, cpuMicros: () => used.micros }
  return { clock, ledger, used, health: createHealth({ clock, ledger, version: '1.2.3', usage }) }
}

describe('health', () => {
  test('has the body that load balancers and dashboards read', async () => {
    const { clock, used, health } = make()
    health.component({ kind: 'receiver', id: 'node' })
    used.micros = 500_000
    await clock.advance(2000)
    expect(health.summary()).toEqual({
      status: 'healthy',
      timestamp: '2026-01-31T09:30:02.000Z',
      version: '1.2.3',
      uptime: 2,
      memory_usage: 100,
      cpu_usage: 25,
      checks: { 'receivers.node': true },
    })
  })

  test('is as bad as the worst component', () => {
    const { health } = make()
    const [loki, batch] = [
      health.component({ kind: 'exporter', id: 'loki' }),
      health.component({ kind: 'processor', id: 'batch', pipeline: 'logs' }),
    ]
    batch.report('degraded', 'slow')
    expect(health.status()).toBe('degraded')
    loki.report('unhealthy', 'set exporters.loki.endpoint')
    expect(health.status()).toBe('unhealthy')
    expect(health.summary().checks).toEqual({ 'exporters.loki': false, 'pipelines.logs.processors.batch': false })
    loki.report('healthy')
    batch.report('healthy')
    expect(health.status()).toBe('healthy')
  })

  test('tells in detail what each component said and what passed it', () => {
    const { ledger, health } = make()
    const loki = health.component({ kind: 'exporter', id: 'loki' })
    health.component({ kind: 'receiver', id: 'loki' })
    loki.report('degraded', '429 from the server')
    const items = ledger.counters('exporter', 'loki', 'logs')
    items.accepted = 10
    items.sent = 7
    items.held = 1
    items.drop('rejected', 2)
    expect(health.detailed().checks).toEqual({
      'exporters.loki': {
        status: 'degraded',
        message: '429 from the server',
        items: { logs: { accepted: 10, refused: 0, sent: 7, failed: 0, held: 1, dropped: { rejected: 2 } } },
      },
      'receivers.loki': { status: 'healthy' },
    })
  })

  test('shows the component that replaced another, and that one again when the new one goes', () => {
    const { health } = make()
    const old = health.component({ kind: 'exporter', id: 'loki' })
    old.report('degraded')
    const fresh = health.component({ kind: 'exporter', id: 'loki' })
    expect(health.status()).toBe('healthy')
    fresh.remove()
    expect(health.status()).toBe('degraded')
    old.remove()
    expect(health.summary().checks).toEqual({})
    old.report('unhealthy')
    expect(health.status()).toBe('healthy')
  })

  test('is ready between the start and the drain', () => {
    const { health } = make()
    expect(health.ready()).toBe(false)
    health.enter('ready')
    expect(health.ready()).toBe(true)
    health.enter('draining')
    expect(health.ready()).toBe(false)
  })

  test('two readers within a second see the same use of the CPU', async () => {
    const { clock, used, health } = make()
    used.micros = 100_000
    await clock.advance(1000)
    expect(health.summary().cpu_usage).toBe(10)
    used.micros = 900_000
    await clock.advance(500)
    expect(health.summary().cpu_usage).toBe(10)
    await clock.advance(500)
    expect(health.summary().cpu_usage).toBe(80)
  })
})
