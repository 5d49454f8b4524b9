import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../src/component/clock.ts'

const CHUNK_BYTES = 1 << 16

/** A response that is being sent; `stalledMs` is since when its scraper has not read, 0 while it does. */
interface Sending {
  readonly response: ServerResponse
  stalledMs: number
}

export interface ResponsesOptions {
  readonly clock: Clock
  /** Responses at a time. */
  readonly limit: number
  /** A scraper may read nothing for so long. */
  readonly stallLimitMs: number
}

/**
 * Sends pages chunk by chunk as their scrapers read them, so that one who never reads holds nothing but a view on a page.
 * When there are too many at a time, the one that has waited longest for its scraper makes room.
 */
export class Responses {
  readonly #options: ResponsesOptions
  readonly #sending = new Set<Sending>()

  constructor(options: ResponsesOptions) {
    this.#options = options
  }

  /** False when there is room for no more. */
  makeRoom(): boolean {
    if (this.#sending.size < this.#options.limit) return true
    const stalled = [...this.#sending].filter(one => one.stalledMs > 0).sort((a, b) => a.stalledMs - b.stalledMs)[0]
    if (!stalled) return false
    stalled.response.destroy()
    this.#sending.delete(stalled)
    return true
  }

  /** Resolves with true once all of `body` is with the operating system, false when the scraper went or was cut off. */
  async send(response: ServerResponse, body: Buffer): Promise<boolean> {
    const one: Sending = { response, stalledMs: 0 }
    this.#sending.add(one)
    try {
      for (let at = 0; at < body.length && !response.destroyed; at += CHUNK_BYTES)
        if (!response.write(body.subarray(at, at + CHUNK_BYTES))) await this.#waitFor(one, 'drain')
      if (response.destroyed) return false
      response.end()
      if (!response.writableFinished) await this.#waitFor(one, 'finish')
      return response.writableFinished
    } finally {
      this.#sending.delete(one)
    }
  }

  /** Cuts off everybody. */
  destroy(): void {
    for (const { response } of this.#sending) response.destroy()
  }

  /** Resolves at the event or when the connection is gone, which the stall limit sees to. */
  async #waitFor(one: Sending, event: 'drain' | 'finish'): Promise<void> {
    const { clock, stallLimitMs } = this.#options
    one.stalledMs = clock.monotonicMs()
    const cancel = clock.after(stallLimitMs, () => one.response.destroy())
    const either = new AbortController()
    await Promise.race([
      once(one.response, event, { signal: either.signal }),
      once(one.response, 'close', { signal: either.signal }),
    ]).catch(() => {})
    either.abort()
    cancel()
    one.stalledMs = 0
  }
}
