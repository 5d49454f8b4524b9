import { MisconfiguredError, PermanentError, ThrottledError } from '../component/errors.ts'
import { LOST } from './accounts.ts'
import { backoffMs } from './backoff.ts'
import type { RetryLimits } from './config.ts'

/** A wrong setting is tried again after this: somebody may have changed the other end. */
const MISCONFIGURED_MS = 60_000
/** Whoever asks to be left alone for less than this is tried again after it. */
const LEAST_THROTTLE_MS = 100
/** While the agent ends, a failed batch has no time to lose. */
const DRAIN_MS = 1000
/** A batch that fails so often while others are delivered is set aside. */
const STRIKES = 10

export type Verdict =
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'set_aside' }
  /** `everyone`: no batch is to be sent before that. */
  | { readonly kind: 'retry'; readonly waitMs: number; readonly everyone: boolean }

/** How a batch stands whose attempt has just failed. */
export interface Standing {
  /** This one included. */
  readonly attempts: number
  readonly strikes: number
  readonly elapsedMs: number
  readonly draining: boolean
}

/** True when the failure may be the batch's own fault. */
export function isStrike(error: unknown): boolean {
  return !(error instanceof ThrottledError || error instanceof MisconfiguredError || error instanceof PermanentError)
}

/** What becomes of a batch after `error`. `random` is in [0, 1). */
export function judge(error: unknown, standing: Standing, retry: RetryLimits, random: number): Verdict {
  if (error instanceof PermanentError) return { kind: 'lost', reason: error.reason }
  if (!retry.enabled) return { kind: 'lost', reason: LOST.retryOff }
  const waitMs = waitAfter(error, standing, retry, random)
  if (retry.maxElapsedMs > 0 && standing.elapsedMs + waitMs > retry.maxElapsedMs)
    return { kind: 'lost', reason: LOST.expired }
  if (standing.strikes >= STRIKES) return { kind: 'set_aside' }
  return { kind: 'retry', waitMs, everyone: !isStrike(error) }
}

function waitAfter(error: unknown, standing: Standing, retry: RetryLimits, random: number): number {
  if (error instanceof ThrottledError) return Math.max(LEAST_THROTTLE_MS, error.retryAfterMs)
  if (error instanceof MisconfiguredError) return MISCONFIGURED_MS
  const waitMs = backoffMs(retry, standing.attempts, random)
  return standing.draining ? Math.min(waitMs, DRAIN_MS) : waitMs
}
