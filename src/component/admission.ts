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

/** Bytes that may be kept in memory by the whole process: queues and whoever else keeps batches count here. */
export interface MemoryBudget extends Reservable {
  /** Bytes kept and bytes promised to senders. */
  readonly usedBytes: number
  readonly limitBytes: number
  /** True when `sizeBytes` more would still be within the limit. */
  fits(sizeBytes: number): boolean
  /** Counts bytes as kept, within the limit or not. */
  hold(sizeBytes: number): void
  free(sizeBytes: number): void
  /** A lower limit, for as long as it is not released; of several the lowest counts. `name` says who set it. */
  bound(name: string, limitBytes: number): BudgetBound
}
export interface BudgetBound {
  set(limitBytes: number): void
  release(): void
}
