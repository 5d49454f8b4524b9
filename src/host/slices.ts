import type { Clock } from '../component/clock.ts'

/** Longest stretch of synchronous reading before other work has its turn. */
const SLICE_MS = 2

/** Cuts synchronous work in slices: whoever works asks after each small step whether the event loop should have a turn. */
export class Slices {
  readonly #clock: Clock
  #startedMs: number
  #turn: Promise<void> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  /** Whether this slice is used up. */
  get due(): boolean {
    return this.#clock.monotonicMs() - this.#startedMs >= SLICE_MS
  }

  /** Resolves when the event loop has been through its queue, and a new slice has begun. */
  turn(): Promise<void> {
    this.#turn ??= new Promise(resolve => {
      setImmediate(() => {
        this.#turn = undefined
        this.#startedMs = this.#clock.monotonicMs()
        resolve()
      })
    })
    return this.#turn
  }
}
