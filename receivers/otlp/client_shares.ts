import type { Clock } from '../../src/component/clock.ts'

const WINDOW_MS = 10_000
/** Clients that are told apart; what others send counts for nobody. */
const MAX_CLIENTS = 1024

/** Who sent how much of late: when there is no room, whoever sent more than half of it is told so. */
export class ClientShares {
  readonly #clock: Clock
  #bytes = new Map<string, number>()
  #before = new Map<string, number>()
  #windowEndsMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(client: string, sizeBytes: number): void {
    this.#turn()
    const known = this.#bytes.get(client)
    if (known !== undefined || this.#bytes.size < MAX_CLIENTS) this.#bytes.set(client, (known ?? 0) + sizeBytes)
  }

  /** True when `client` is one of several and sent more than all the others together, in this window and the one before. */
  exceeds(client: string): boolean {
    this.#turn()
    let own = 0
    let others = 0
    for (const window of [this.#before, this.#bytes])
      for (const [name, sizeBytes] of window) {
        if (name === client) own += sizeBytes
        else others += sizeBytes
      }
    return others > 0 && own > others
  }

  #turn(): void {
    const now = this.#clock.monotonicMs()
    if (now < this.#windowEndsMs) return
    this.#before = now < this.#windowEndsMs + WINDOW_MS ? this.#bytes : new Map()
    this.#bytes = new Map()
    this.#windowEndsMs = now + WINDOW_MS
  }
}
