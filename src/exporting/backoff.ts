import type { RetryLimits } from './config.ts'

/**
 * Milliseconds to wait after the `attempt`th failure in a row (from 1): initial · multiplier^(attempt-1), at most the
 * maximum, changed at random by up to `randomization` of it. `random` is in [0, 1).
 */
export function backoffMs(retry: RetryLimits, attempt: number, random: number): number {
  const interval = Math.min(retry.maxMs, retry.initialMs * retry.multiplier ** (attempt - 1))
  return interval * (1 + retry.randomization * (2 * random - 1))
}
