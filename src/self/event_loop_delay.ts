import type { Clock } from '../component/clock.ts'

/** 20 timers a second cost 0.02 % of a core; a slice of 50 ms or longer is always seen. */
const INTERVAL_MS = 50

/** Tells `record` in seconds how late each timer came. Returns what ends it. */
export function sampleLoopDelay(clock: Clock, record: (seconds: number) => void): () => void {
  let dueMs = 0
  let cancel = () => {}
  const arm = () => {
    dueMs = clock.monotonicMs() + INTERVAL_MS
    cancel = clock.after(INTERVAL_MS, () => {
      record(Math.max(0, clock.monotonicMs() - dueMs) / 1000)
      arm()
    })
  }
  arm()
  return () => cancel()
}
