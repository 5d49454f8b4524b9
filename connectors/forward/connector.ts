import { z } from 'zod'
import { defineConnector } from '../../src/component/define.ts'

/** Hands on what it gets, signal by signal: the end of some pipelines and the beginning of others. */
export const forward = defineConnector({
  type: 'forward',
  stability: 'beta',
  converts: { traces: ['traces'], metrics: ['metrics'], logs: ['logs'] },
  config: z.strictObject({}),
  create: (_, next) => ({
    traces: batch => next.traces?.consume(batch),
    metrics: batch => next.metrics?.consume(batch),
    logs: batch => next.logs?.consume(batch),
  }),
})
