import { expect, test } from 'vitest'
import { ByteBudget } from './budget.ts'
import { LiveMemory } from './live_memory.ts'
import { defaultBudgetBytes, memoryLimitBytes } from './memory_size.ts'

test('what is kept and what is promised share one limit', () => {
  const budget = new ByteBudget(100)
  budget.hold(60)
  expect([budget.reserve(50), budget.reserve(40)]).toEqual([false, true])
  budget.free(60)
  budget.cancel(40)
  expect([budget.usedBytes, budget.reserve(100)]).toEqual([0, true])
})

test('what must be kept is counted beyond the limit too', () => {
  const budget = new ByteBudget(100)
  budget.hold(150)
  expect([budget.usedBytes, budget.fits(0), budget.reserve(0)]).toEqual([150, false, false])
})

test('of several bounds the lowest counts, by its name, until it is released', () => {
  const budget = new ByteBudget(100)
  const [high, low] = [budget.bound('high', 80), budget.bound('low', 50)]
  budget.bound('without effect', 1000)
  expect([budget.name, budget.limitBytes]).toEqual(['low', 50])
  low.set(90)
  expect([budget.name, budget.limitBytes]).toEqual(['high', 80])
  low.release()
  high.release()
  expect([budget.name, budget.limitBytes]).toEqual(["the agent's memory budget", 100])
})

test('the memory that may be used is what the cgroup allows, or what there is', () => {
  expect(memoryLimitBytes(512, 1000)).toBe(512)
  expect(memoryLimitBytes(0, 1000)).toBe(1000)
  expect(memoryLimitBytes(2 ** 64, 1000)).toBe(1000)
})

test('queues get half of it by default, and never more than the heap may grow to', () => {
  expect([defaultBudgetBytes(1000, 4000), defaultBudgetBytes(100_000, 4000)]).toEqual([500, 4000])
})

test('memory in use is what a collection left and what queues took since, without the garbage', () => {
  const budget = new ByteBudget(1000)
  let measured = 500
  const memory = new LiveMemory(budget, () => measured)
  memory.collected()
  budget.hold(100)
  measured = 900
  memory.check()
  expect(memory.bytes).toBe(600)
  measured = 550
  memory.collected()
  budget.free(100)
  expect(memory.bytes).toBe(450)
})

test('memory in use is at most what is measured with the garbage', () => {
  const memory = new LiveMemory(new ByteBudget(1000), () => measured)
  let measured = 500
  memory.collected()
  measured = 300
  memory.check()
  expect(memory.bytes).toBe(300)
})

test('a full collection is noticed', async () => {
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  let measurements = 0
  const memory = new LiveMemory(new ByteBudget(1000), () => ++measurements)
  memory.start()
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  for (let i = 0; i < 100 && measurements < 2; i++) await new Promise(resolve => setImmediate(resolve))
  memory.stop()
  expect(measurements).toBeGreaterThanOrEqual(2)
})
