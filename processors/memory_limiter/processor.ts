import { defineProcessor } from '../../src/component/define.ts'
import { RefusedError } from '../../src/component/errors.ts'
import { LiveMemory } from '../../src/exporting/live_memory.ts'
import { memoryLimitBytes } from '../../src/exporting/memory_size.ts'
import { config, softLimitBytes } from './config.ts'

/** Refuses data while the process uses too much memory, and leaves the queues what is not used by others. */
export const memoryLimiter = defineProcessor({
  type: 'memory_limiter',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  sharding: 'any',
  config,
  create(limits, next, { budget, id, clock }) {
    const name = `processors.${id}`
    const softBytes = softLimitBytes(limits, memoryLimitBytes())
    const memory = new LiveMemory(budget)
    const leftForQueues = (): number => Math.max(0, softBytes - (memory.bytes - budget.usedBytes))
    let stop = (): void => {}

    const admit = (): void => {
      if (memory.bytes > softBytes) throw new RefusedError('memory_limit', name, limits.check_interval)
    }
    return {
      traces: batch => {
        admit()
        return next.traces?.consume(batch)
      },
      metrics: batch => {
        admit()
        return next.metrics?.consume(batch)
      },
      logs: batch => {
        admit()
        return next.logs?.consume(batch)
      },
      start() {
        memory.start()
        const bound = budget.bound(name, leftForQueues())
        let cancel = (): void => {}
        const look = (): void => {
          memory.check()
          bound.set(leftForQueues())
          cancel = clock.after(Math.max(1, limits.check_interval), look)
        }
        look()
        stop = () => {
          cancel()
          bound.release()
          memory.stop()
        }
      },
      shutdown: () => stop(),
    }
  },
})
