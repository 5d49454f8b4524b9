/** Time as components see it; tests inject one that stands still. */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. */
  nowMs(): number
  /** Time that never goes back, milliseconds from an arbitrary origin. */
  monotonicMs(): number
  /** Calls `fn` once after `delayMs`; the timer does not keep the process alive. Returns its cancellation. */
  after(delayMs: number, fn: () => void): () => void
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs).unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    const abort = () => {
      cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}
