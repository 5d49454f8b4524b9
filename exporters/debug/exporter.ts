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
  use_internal_logger: z
    .boolean()
    .default(true)
    .describe("true: lines of the agent's log, which its level filters. false: plain lines on standard output."),
})

/** Writes what reaches it to the log. Never refuses, never retries. */
export const debug = defineExporter({
  type: 'debug',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  delivery: 'hold',
  ordering: 'none',
  config,
  create({ verbosity, use_internal_logger, ...sampling }, { log, clock }) {
    const print = use_internal_logger
      ? (line: string) => log.info(line)
      : (line: string) => process.stdout.write(`${line}\n`)
    const sampled = sampler(sampling.sampling_initial, sampling.sampling_thereafter, () => clock.monotonicMs())
    const write = (batch: AnyBatch): void => {
      if (sampled()) for (const line of summarize(batch, verbosity)) print(line)
    }
    return { traces: write, metrics: write, logs: write }
  },
})

/** True for the first `initial` calls of each second, and for every nth after them. */
function sampler(initial: number, thereafter: number, nowMs: () => number): () => boolean {
  let second = 0
  let seen = 0
  return () => {
    const now = Math.floor(nowMs() / 1000)
    if (now !== second) {
      second = now
      seen = 0
    }
    const past = ++seen - initial
    return past <= 0 || (thereafter > 0 && past % thereafter === 0)
  }
}
