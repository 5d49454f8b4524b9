import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../src/exporting/budget.ts'
import { outcome } from '../../test/exporting/world.ts'
import { FakeClock } from '../../test/support/clock.ts'
import { generatedLogs } from '../../test/support/generate.ts'
import { fakeSettings, nextOf } from '../../test/support/settings.ts'
import { config, softLimitBytes } from './config.ts'
import { memoryLimiter } from './processor.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30

async function started(limits: object) {
  const clock = new FakeClock()
  const budget = new ByteBudget(100 * GIB)
  const settings = fakeSettings({ id: 'memory_limiter', kind: 'processor', clock, budget })
  const it = memoryLimiter.create(
    config.parse(limits),
    nextOf(async () => {}),
    settings,
  )
  await it.start?.()
  const offer = () => outcome((async () => it.logs?.(generatedLogs(), AbortSignal.timeout(1000)))())
  return { clock, budget, it, offer }
}

describe('memory_limiter', () => {
  test('hands everything on while there is memory', async () => {
    const { offer, it } = await started({ limit_mib: 10_000 })
    expect(await offer()).toBe('taken')
    await it.shutdown?.(AbortSignal.timeout(1000))
  })

  test('refuses data while more is in use than the soft limit, and takes it again afterwards', async () => {
    const { offer, budget, it } = await started({ limit_mib: 10_000, spike_limit_mib: 2000 })
    budget.hold(8000 * MIB)
    expect(await offer()).toBe('refused: memory_limit (processors.memory_limiter)')
    budget.free(8000 * MIB)
    expect(await offer()).toBe('taken')
    await it.shutdown?.(AbortSignal.timeout(1000))
  })

  test('refuses when the heap alone is over the limit', async () => {
    const { offer, it, budget } = await started({ limit_mib: 2 })
    expect(await offer()).toMatch(/^refused/)
    expect(budget.reserve(1)).toBe(false)
    await it.shutdown?.(AbortSignal.timeout(1000))
  })

  test('leaves the queues what the soft limit has beside the rest of the heap, under its name', async () => {
    const { budget, it } = await started({ limit_mib: 10_000, spike_limit_mib: 2000 })
    expect(budget.name).toBe('processors.memory_limiter')
    expect(budget.limitBytes).toBeLessThan(8000 * MIB)
    expect(budget.limitBytes).toBeGreaterThan(6000 * MIB)
    await it.shutdown?.(AbortSignal.timeout(1000))
    expect(budget.limitBytes).toBe(100 * GIB)
  })

  test('what queues hold does not shrink what they may hold', async () => {
    const { budget, clock, it } = await started({ limit_mib: 10_000 })
    const before = budget.limitBytes
    budget.hold(5000 * MIB)
    await clock.advance(1000)
    expect(budget.limitBytes).toBeGreaterThan(before - 100 * MIB)
    await it.shutdown?.(AbortSignal.timeout(1000))
  })

  test.each([
    [{ limit_mib: 4000, spike_limit_mib: 800 }, 3200 * MIB],
    [{ limit_mib: 1000 }, 800 * MIB],
    [{ limit_percentage: 80, spike_limit_percentage: 15 }, 0.65 * GIB],
    [{ limit_percentage: 50 }, 0.4 * GIB],
    [{ limit_mib: 100, spike_limit_mib: 10, limit_percentage: 50 }, 90 * MIB],
  ])('of 1 GiB, %o refuses above %d bytes', (limits, expected) => {
    expect(softLimitBytes(config.parse(limits), GIB)).toBe(Math.floor(expected))
  })

  test.each([
    [{}, /limit_mib.*either this or limit_percentage/s],
    [{ limit_mib: 10, spike_limit_mib: 10 }, /spike_limit_mib.*smaller/s],
    [{ limit_percentage: 101 }, /at most 100/],
    [{ limit_percentage: 20, spike_limit_percentage: 20 }, /spike_limit_percentage.*smaller/s],
  ])('refuses the settings %o', (limits, message) => {
    expect(() => config.parse(limits)).toThrow(message)
  })
})
