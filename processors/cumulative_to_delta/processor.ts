import { z } from 'zod'
import { defineProcessor } from '../../src/component/define.ts'
import { duration } from '../../src/config/fields.ts'
import { cumulativeToDelta as rule } from '../../src/telemetry/accumulate.ts'
import { Accumulator, convertInTurn } from '../../src/telemetry/accumulator.ts'
import type { Descriptor } from '../../src/telemetry/metrics/descriptor.ts'
import { type MetricFilter, matcher, metricFilter } from './metric_filter.ts'

const config = z.strictObject({
  include: metricFilter.optional().describe('Convert these metrics only.'),
  exclude: metricFilter.optional().describe('Leave these metrics as they are, also when include names them.'),
  max_staleness: duration()
    .default(0)
    .describe('A series without new points for so long is forgotten; 0 keeps all. The next point is then a first one.'),
  initial_value: z
    .enum(['auto', 'keep', 'drop'])
    .default('auto')
    .describe(
      'What to do with the first value of a series. keep: hand it on. drop: only remember it. auto: keep it when it began after the agent did.',
    ),
})

/** Turns running totals into what was added since the point before, series by series. */
export const cumulativeToDelta = defineProcessor({
  type: 'cumulative_to_delta',
  aliases: ['cumulativetodelta'],
  signals: ['metrics'],
  stability: 'beta',
  sharding: 'series',
  config,
  validate: ({ include, exclude }) => [...problems('include', include), ...problems('exclude', exclude)],
  create({ include, exclude, max_staleness, initial_value }, next, { series, clock, drops }) {
    const included = include && matcher(include, true)
    const excluded = exclude && matcher(exclude, false)
    // Of each descriptor, as names are matched by expressions.
    const answers = new WeakMap<Descriptor, boolean>()
    const converts = (descriptor: Descriptor): boolean => {
      let answer = answers.get(descriptor)
      if (answer === undefined) {
        answer = (included?.(descriptor) ?? true) && !excluded?.(descriptor)
        answers.set(descriptor, answer)
      }
      return answer
    }
    const accumulator = new Accumulator({
      table: series,
      to: 'delta',
      rule: rule(initial_value, clock.nowMs()),
      maxSeries: Number.POSITIVE_INFINITY,
      staleMs: max_staleness,
      nowMs: () => clock.monotonicMs(),
      converts,
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

function problems(name: string, filter: MetricFilter | undefined): { path: (string | number)[]; message: string }[] {
  if (!filter) return []
  if (filter.metrics.length > 0 && !filter.match_type)
    return [{ path: [name, 'match_type'], message: 'metrics need a match_type: strict or regexp' }]
  if (filter.metrics.length === 0 && filter.match_type)
    return [{ path: [name, 'metrics'], message: `match_type ${filter.match_type} needs metrics` }]
  return []
}
