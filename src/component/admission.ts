/** Something bounded that can promise room synchronously: a queue, a memory budget. Sizes are bytes. */
export interface Reservable {
  /** Component id and config key of the bound, for refusals: `exporters.loki.sending_queue`. */
  readonly name: string
  /** Sets `sizeBytes` aside, or changes nothing and returns false. */
  reserve(sizeBytes: number): boolean
  /** Gives back what was set aside and not used. */
  cancel(sizeBytes: number): void
}

export interface Ticket {
  readonly refused: false
  /** A queue that takes the batch calls this: its reservation of so many bytes becomes the queue's own business. */
  claim(reservable: Reservable): number
  /** Gives back what nobody claimed. Safe to call twice. */
  release(): void
}
export interface Refusal {
  readonly refused: true
  readonly reason: string
  readonly heldBy: string
  readonly retryAfterMs: number
}

/** All or nothing, synchronous: room in the memory budget and in every reachable queue that refuses when full. */
export interface Admission {
  reserve(sizeBytes: number): Ticket | Refusal
}
