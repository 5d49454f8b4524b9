import { expect, test } from 'vitest'
import { createYoungMemory } from './young_memory.ts'

test('young garbage is collected once for every 8 MiB', () => {
  let collections = 0
  const memory = createYoungMemory(() => collections++)
  for (let i = 0; i < 7; i++) memory.allocated(2 ** 20)
  expect(collections).toBe(0)
  memory.allocated(2 ** 20)
  expect(collections).toBe(1)
  memory.allocated(100 * 2 ** 20)
  expect(collections).toBe(2)
})

test('buffers that nobody holds are gone after it', () => {
  const memory = createYoungMemory()
  let most = 0
  for (let i = 0; i < 400; i++) {
    memory.allocated(Buffer.allocUnsafeSlow(2 ** 20).length)
    most = Math.max(most, process.memoryUsage().arrayBuffers)
  }
  expect(most).toBeLessThan(100 * 2 ** 20)
})
