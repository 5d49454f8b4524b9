import { z } from 'zod'
import { LazyRegex } from '../../src/config/lazy_regex.ts'
import type { Descriptor } from '../../src/telemetry/metrics/descriptor.ts'

const TYPES = ['sum', 'histogram', 'exponential_histogram', 'exponentialhistogram'] as const

/** Metrics by name and type, as the Collector's processor names them. */
export const metricFilter = z
  .strictObject({
    match_type: z
      .enum(['strict', 'regexp'])
      .optional()
      .describe('strict: whole names. regexp: RE2 expressions that match anywhere in a name.'),
    metrics: z.array(z.string()).default([]).describe('Names or expressions.'),
    metric_types: z.array(z.enum(TYPES)).default([]).describe('Kinds of metrics.'),
    regexp: z
      .strictObject({
        cacheenabled: z.boolean().default(false).describe('Accepted; results are always remembered.'),
        cachemaxnumentries: z.int().min(0).default(0).describe('Accepted.'),
      })
      .optional()
      .describe("Settings of the Collector's cache."),
  })
  .superRefine(({ match_type, metrics }, context) => {
    if (match_type !== 'regexp') return
    for (const [i, source] of metrics.entries()) {
      try {
        new LazyRegex(source).re2
      } catch (error) {
        const message = `not a regular expression that RE2 takes: ${error instanceof Error ? error.message : error}`
        context.addIssue({ code: 'custom', message, input: source, path: ['metrics', i] })
      }
    }
  })
export type MetricFilter = z.output<typeof metricFilter>

/**
 * Whether the filter names this metric. Where it names no types or no metrics it says nothing about these: `empty` is then
 * the answer, true for what is included and false for what is excluded.
 */
export function matcher(filter: MetricFilter, empty: boolean): (descriptor: Descriptor) => boolean {
  const types = new Set(filter.metric_types.map(type => type.replace('exponentialhistogram', 'exponential_histogram')))
  const names = new Set(filter.metrics)
  const patterns = filter.match_type === 'regexp' ? filter.metrics.map(source => new LazyRegex(source)) : []
  const named = (name: string): boolean =>
    filter.match_type === 'regexp' ? patterns.some(pattern => pattern.test(name)) : names.has(name)
  return ({ name, kind }) => {
    const byName = names.size === 0 ? empty : named(name)
    const byType = types.size === 0 ? empty : types.has(kind)
    return empty ? byName && byType : byName || byType
  }
}
