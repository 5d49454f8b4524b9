import type { Clock } from '../../src/component/clock.ts'

/** A clock that stands still until `advance`; timers run in order of their time, each at its own moment. */
export class FakeClock implements Clock {
  #now: number
  #timers: { at: number; fn: () => void }[] = []

  constructor(nowMs = 1_750_000_000_000) {
    this.#now = nowMs
  }
  nowMs(): number {
    return this.#now
  }
  monotonicMs(): number {
    return this.#now
  }
  after(delayMs: number, fn: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), fn }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }
  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length
  }
  /** Moves time on, running what falls due; promises settle between one timer and the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      const next = this.#timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#now = next.at
      next.fn()
      await settle()
    }
    this.#now = end
    await settle()
  }
}

/** Lets everything that is ready to run do so. */
export function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
