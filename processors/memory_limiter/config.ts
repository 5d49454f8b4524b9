import { z } from 'zod'
import { duration } from '../../src/config/fields.ts'

const MIB = 2 ** 20
/** Part of the limit that is kept free when nobody says how much. */
const DEFAULT_SPIKE = 0.2

const whole = () => z.int().min(0).default(0)
const NO_FORCED_COLLECTION = 'Has no effect: garbage collection is never forced.'

export const config = z
  .strictObject({
    check_interval: duration().default(1000).describe('Time between two looks at the heap.'),
    limit_mib: whole().describe('The most memory, in MiB of heap and buffers, that the process is to use.'),
    spike_limit_mib: whole().describe('Data is refused this much below the limit. 0: 20 % of the limit.'),
    limit_percentage: whole().describe(
      'The limit as a part of the memory that the process may use (cgroup or machine).',
    ),
    spike_limit_percentage: whole().describe('spike_limit_mib, as a part of the same memory. 0: 20 % of the limit.'),
    min_gc_interval_when_soft_limited: duration().optional().describe(NO_FORCED_COLLECTION),
    min_gc_interval_when_hard_limited: duration().optional().describe(NO_FORCED_COLLECTION),
  })
  .superRefine((limits, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (limits.limit_mib === 0 && limits.limit_percentage === 0)
      refuse('limit_mib', 'either this or limit_percentage is needed')
    for (const key of ['limit_percentage', 'spike_limit_percentage'] as const)
      if (limits[key] > 100) refuse(key, 'a percentage, so at most 100')
    if (limits.limit_mib > 0 && limits.spike_limit_mib >= limits.limit_mib)
      refuse('spike_limit_mib', 'must be smaller than limit_mib')
    if (limits.limit_percentage > 0 && limits.spike_limit_percentage >= limits.limit_percentage)
      refuse('spike_limit_percentage', 'must be smaller than limit_percentage')
  })

/** Bytes above which data is refused, where the process may use `memoryBytes`. A limit in MiB goes before a percentage. */
export function softLimitBytes(limits: z.output<typeof config>, memoryBytes: number): number {
  const inMib = limits.limit_mib > 0
  const unit = inMib ? MIB : memoryBytes / 100
  const limit = inMib ? limits.limit_mib : limits.limit_percentage
  const spike = inMib ? limits.spike_limit_mib : limits.spike_limit_percentage
  return Math.floor((limit - (spike || limit * DEFAULT_SPIKE)) * unit)
}
