import { z } from 'zod'
import { defineProcessor } from '../../src/component/define.ts'
import { duration } from '../../src/config/fields.ts'
import { deltaToCumulative as rule } from '../../src/telemetry/accumulate.ts'
import { Accumulator, convertInTurn } from '../../src/telemetry/accumulator.ts'

const config = z.strictObject({
  max_stale: duration().default(300_000).describe('A series without new points for so long is forgotten; 0 keeps all.'),
  max_streams: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Series to remember at most: points of further ones are lost, with reason max_streams. 0: as many as the agent keeps.',
    ),
})

/** Adds deltas up to running totals, one for each series. */
export const deltaToCumulative = defineProcessor({
  type: 'delta_to_cumulative',
  aliases: ['deltatocumulative'],
  signals: ['metrics'],
  stability: 'beta',
  sharding: 'series',
  config,
  create({ max_stale, max_streams }, next, { series, clock, drops }) {
    const accumulator = new Accumulator({
      table: series,
      to: 'cumulative',
      rule,
      maxSeries: max_streams || Number.POSITIVE_INFINITY,
      staleMs: max_stale,
      nowMs: () => clock.monotonicMs(),
    })
    return {
      metrics: convertInTurn(
        accumulator,
        async batch => next.metrics?.consume(batch),
        (reason, points) => drops.dropped('metrics', reason, points),
      ),
      shutdown: () => accumulator.close(),
    }
  },
})
