import type { AnyBatch, Signal } from '../component/types.ts'

/** Lets a sender go that waits until its data is delivered. */
export interface Answer {
  resolve(): void
  reject(error: unknown): void
}

/** What one `consume` brought, until every part of it has come to an end. */
export class Whole {
  readonly signal: Signal
  readonly items: number
  /** Bytes that it keeps in memory, parts of it included. */
  readonly sizeBytes: number
  /** Set when the sender waits: then it owns the data until it is answered, and nothing is counted before. */
  readonly answer?: Answer
  /** Gives back what was retained outside. */
  readonly release: () => void
  open = 0
  sent = 0
  error: unknown
  readonly rejected = new Map<string, number>()

  constructor(signal: Signal, items: number, sizeBytes: number, release: () => void, answer?: Answer) {
    this.signal = signal
    this.items = items
    this.sizeBytes = sizeBytes
    this.release = release
    this.answer = answer
  }
}

/** A piece of a whole that is not larger than one request may be. */
export interface Part {
  readonly whole: Whole
  readonly batch: AnyBatch
  readonly items: number
  /** In the sizer's unit of batches. */
  readonly size: number
  /** Counts up over all signals: the lower is the older. */
  readonly number: number
  /** Monotonic. */
  readonly atMs: number
  /** Parts are joined only when this is equal. */
  readonly mergeKey: string
}

/** What is sent at once, and sent again as it is when it fails. */
export class Unit {
  readonly parts: readonly Part[]
  readonly batch: AnyBatch
  readonly items: number
  attempts = 0
  /** Failures of this one while others were delivered. */
  strikes = 0
  /** Deliveries of others that were known at its last failure. */
  seenSuccesses = 0
  /** Monotonic. */
  firstAttemptMs = 0
  dueMs = 0
  /** Delivered, lost or set aside: what an attempt still brings changes nothing. */
  settled = false
  /** Ends the attempt under way. */
  abort: (reason: Error) => void = () => {}

  constructor(parts: readonly Part[], batch: AnyBatch) {
    this.parts = parts
    this.batch = batch
    this.items = batch.itemCount
  }
}
