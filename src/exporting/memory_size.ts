import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** Bytes of memory that this process may use: what its cgroup allows, else what the machine has. */
export function memoryLimitBytes(constrained = process.constrainedMemory(), total = totalmem()): number {
  return constrained > 0 && constrained < total ? constrained : total
}

/** What queues may keep when nobody says: half of the memory, and never more than the heap of V8 may grow to. */
export function defaultBudgetBytes(memoryBytes = memoryLimitBytes(), heapBytes = heapLimitBytes()): number {
  return Math.floor(Math.min(memoryBytes / 2, heapBytes))
}

const heapLimitBytes = (): number => getHeapStatistics().heap_size_limit
