import type { MemoryBudget, Reservable } from '../component/admission.ts'
import type { QueueLimits } from './config.ts'

/** How much an edit may have added to a batch since its room was promised, as a factor. */
const GROWTH = 2

/** The limit of one exporter's queue over all its signals, and its share of the process-wide budget. Counts only. */
export class QueueBound implements Reservable {
  readonly name: string
  readonly #limits: QueueLimits
  readonly #budget: MemoryBudget
  /** No more is promised: the queue drains. */
  closed = false
  #heldBytes = 0
  #heldItems = 0
  #heldRequests = 0
  #reservedBytes = 0
  #reservedRequests = 0

  constructor(name: string, limits: QueueLimits, budget: MemoryBudget) {
    this.name = name
    this.#limits = limits
    this.#budget = budget
  }

  get heldBytes(): number {
    return this.#heldBytes
  }
  get heldItems(): number {
    return this.#heldItems
  }

  /** Room for a batch of which only the size is known. The budget is asked by whoever asks this. */
  reserve(sizeBytes: number): boolean {
    if (this.closed || !this.#fits(sizeBytes, 1, 1)) return false
    this.#reservedBytes += sizeBytes
    if (sizeBytes > 0) this.#reservedRequests++
    return true
  }
  cancel(sizeBytes: number): void {
    this.#reservedBytes -= sizeBytes
    if (sizeBytes > 0) this.#reservedRequests--
  }

  /**
   * Takes in a batch for which `promised` bytes were reserved (0: none). What was promised is kept, also when the batch has
   * grown a little since; else there must be room in the queue and in the budget. Undefined, or who has no room.
   */
  take(sizeBytes: number, items: number, promised: number): string | undefined {
    if (promised > 0) this.cancel(promised)
    if (promised === 0 || sizeBytes > promised * GROWTH) {
      if (!this.#fits(sizeBytes, items, 1)) return this.name
      if (promised === 0 && !this.#budget.fits(sizeBytes) && this.#heldBytes > 0) return this.#budget.name
    }
    this.#heldBytes += sizeBytes
    this.#heldItems += items
    this.#heldRequests++
    this.#budget.hold(sizeBytes)
    return undefined
  }

  give(sizeBytes: number, items: number): void {
    this.#heldBytes -= sizeBytes
    this.#heldItems -= items
    this.#heldRequests--
    this.#budget.free(sizeBytes)
  }

  /** Something larger than the whole queue is taken when it is alone: refused, it would be offered for ever. */
  #fits(sizeBytes: number, items: number, requests: number): boolean {
    const { size, sizer } = this.#limits
    const used = {
      bytes: this.#heldBytes + this.#reservedBytes,
      items: this.#heldItems + this.#reservedRequests,
      requests: this.#heldRequests + this.#reservedRequests,
    }[sizer]
    const more = { bytes: sizeBytes, items, requests }[sizer]
    return used + more <= size || (used === 0 && this.#heldRequests === 0)
  }
}
