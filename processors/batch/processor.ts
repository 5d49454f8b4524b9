import { defineProcessor } from '../../src/component/define.ts'
import { PermanentError, RefusedError } from '../../src/component/errors.ts'
import type { AnyBatch, Signal } from '../../src/component/types.ts'
import { metadataKey, withMetadata } from '../../src/exporting/merged_origin.ts'
import { withOrigin } from '../../src/exporting/shape.ts'
import { config } from './config.ts'
import { Group } from './group.ts'

/** Joins small batches to larger ones, and cuts what is too large. A batch is taken when what became of it was taken. */
export const batch = defineProcessor({
  type: 'batch',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  sharding: 'any',
  config,
  create(limits, next, { clock, id }) {
    const { metadata_cardinality_limit: mostGroups } = limits
    const keys = limits.metadata_keys.map(key => key.toLowerCase())
    const groups = new Map<string, Group>()
    const flushing = new Set<Promise<void>>()
    let closed = false

    const group = (signal: Signal, name: string): Group => {
      const known = groups.get(name)
      if (known) return known
      if (mostGroups > 0 && groups.size >= mostGroups)
        throw new PermanentError(`more than ${mostGroups} combinations of metadata wait (processors.${id})`)
      const fresh = new Group({
        size: limits.send_batch_size,
        maxSize: limits.send_batch_max_size,
        timeoutMs: limits.timeout,
        clock,
        next: async joined => next[signal]?.consume(joined as never),
        emptied: () => void groups.delete(name),
      })
      groups.set(name, fresh)
      return fresh
    }
    const take = (given: AnyBatch): Promise<void> => {
      if (closed) throw new RefusedError('shutting_down', `processors.${id}`)
      const own = keys.length > 0 ? withOrigin(given, withMetadata(given.origin, keys)) : given
      const answered = group(own.signal, `${own.signal} ${metadataKey(own.origin, keys)}`).add(own)
      const over = answered.catch(() => {}).then(() => void flushing.delete(over))
      flushing.add(over)
      return answered
    }
    return {
      traces: take,
      metrics: take,
      logs: take,
      async shutdown(deadline) {
        closed = true
        for (const waiting of groups.values()) void waiting.flush()
        await settledBefore(deadline, [...flushing])
      },
    }
  },
})

/** Resolves when all of `work` is done or the deadline has passed. */
function settledBefore(deadline: AbortSignal, work: Promise<void>[]): Promise<void> {
  return new Promise(resolve => {
    const done = () => resolve()
    if (deadline.aborted) return done()
    deadline.addEventListener('abort', done, { once: true })
    void Promise.all(work).then(() => {
      deadline.removeEventListener('abort', done)
      resolve()
    })
  })
}
