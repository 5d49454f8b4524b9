/** Batches in a row that must fail, and be different ones, before sending stops for a while. */
const FAILURES = 2

/** What an attempt was allowed as; shown again with its outcome. */
export interface Pass {
  readonly probe: boolean
  /** How often the gate had closed by then. */
  readonly closings: number
}

/**
 * Whether one destination is sent to. When nothing gets through it closes for a while that grows, then lets a single attempt
 * through; the first success opens it. So an outage costs one attempt an interval, however much waits, and a batch that
 * always fails holds up no other. Times are monotonic milliseconds.
 */
export class Gate {
  readonly #backoffMs: (failure: number) => number
  /** Batches delivered. */
  successes = 0
  #closings = 0
  #shut = false
  #probing = false
  #level = 0
  #untilMs = 0
  /** The destination asked to be left alone. */
  #throttledUntilMs = 0
  #inARow = 0
  #lastFailed?: object

  /** `backoffMs`: how long to stay closed the nth time in a row. */
  constructor(backoffMs: (failure: number) => number) {
    this.#backoffMs = backoffMs
  }

  /** Not before this is anything sent. */
  get opensAtMs(): number {
    return Math.max(this.#untilMs, this.#throttledUntilMs)
  }
  get shut(): boolean {
    return this.#shut
  }

  state(nowMs: number): 'open' | 'closed' | 'probe' {
    if (nowMs < this.opensAtMs) return 'closed'
    if (!this.#shut) return 'open'
    return this.#probing ? 'closed' : 'probe'
  }

  enter(nowMs: number): Pass {
    const probe = this.state(nowMs) === 'probe'
    if (probe) this.#probing = true
    return { probe, closings: this.#closings }
  }

  /** The destination answered: with yes, or (`taken` false) with a no that is about the batch alone. */
  answered(pass: Pass, taken: boolean): void {
    if (pass.probe) this.#probing = false
    if (taken) this.successes++
    this.reset()
  }

  /** An attempt failed; `who` tells batches apart. */
  failed(pass: Pass, who: object, nowMs: number): void {
    if (pass.probe) this.#probing = false
    if (pass.closings !== this.#closings) return
    if (!this.#shut) {
      if (who !== this.#lastFailed) this.#inARow++
      this.#lastFailed = who
      if (this.#inARow < FAILURES) return
    }
    this.#close(nowMs + this.#backoffMs(++this.#level))
  }

  /** Nothing is to be sent before this time, whoever succeeds meanwhile. */
  throttle(pass: Pass, untilMs: number): void {
    if (pass.probe) this.#probing = false
    this.#throttledUntilMs = Math.max(this.#throttledUntilMs, untilMs)
    this.#close(this.#untilMs)
  }

  /** The destination is to be tried at once, unless it asked to be left alone. */
  reset(): void {
    this.#shut = false
    this.#level = 0
    this.#untilMs = 0
    this.#inARow = 0
    this.#lastFailed = undefined
  }

  #close(untilMs: number): void {
    this.#closings++
    this.#shut = true
    this.#untilMs = untilMs
  }
}
