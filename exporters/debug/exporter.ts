import { z } from 'zod'
import { defineExporter } from '../../src/component/define.ts'
import type { AnyBatch } from '../../src/component/types.ts'
import { summarize } from './summarize.ts'

const config = z.strictObject({
  verbosity: z
    .enum(['basic', 'normal', 'detailed'])
    .default('basic')
    .describe('basic: one line a batch. normal: one line a data point. detailed: every field of it.'),
  sampling_initial: z.int().min(0).default(2).describe('Batches a second that are written before sampling begins.'),
  sampling_thereafter: z
    .int()
    .min(0)
    .default(1)
    .describe('From then on every nth batch of that second is written; 0 writes none, 1 writes all.'),
})

/** Writes what reaches it to the log. Never refuses, never retries. */
export const debug = defineExporter({
  type: 'debug',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  delivery: 'hold',
  ordering: 'none',
  config,
  create({ verbosity, sampling_initial, sampling_thereafter }, { log, clock }) {
    let second = 0
    let seen = 0
    const sampled = (): boolean => {
      const now = Math.floor(clock.monotonicMs() / 1000)
      if (now !== second) {
        second = now
        seen = 0
      }
      const past = ++seen - sampling_initial
      return past <= 0 || (sampling_thereafter > 0 && past % sampling_thereafter === 0)
    }
    const write = (batch: AnyBatch): void => {
      if (sampled()) for (const line of summarize(batch, verbosity)) log.info(line)
    }
    return { traces: write, metrics: write, logs: write }
  },
})
