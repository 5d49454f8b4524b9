import type { MemoryBudget } from '../component/admission.ts'
import type { AnyBatch, Signal } from '../component/types.ts'
import { Fifo } from './fifo.ts'
import type { Unit } from './parts.ts'
import { retain } from './shape.ts'

/** A batch that is kept without being sent. */
interface Kept {
  readonly batch: AnyBatch
  readonly items: number
  readonly sizeBytes: number
  release(): void
}

/** Batches that fail again and again while others are delivered: kept up to a limit, the oldest lost for a new one. */
export class SetAside {
  readonly #limitBytes: number
  readonly #budget: MemoryBudget
  readonly #lost: (signal: Signal, items: number) => void
  readonly #kept = new Fifo<Kept>()
  #bytes = 0

  constructor(limitBytes: number, budget: MemoryBudget, lost: (signal: Signal, items: number) => void) {
    this.#limitBytes = limitBytes
    this.#budget = budget
    this.#lost = lost
  }

  get sizeBytes(): number {
    return this.#bytes
  }

  /** Keeps the batch, in bytes of its own; lost at once when it is larger than all that may be kept. */
  add(unit: Unit): void {
    const batch = unit.batch.compact()
    const sizeBytes = batch.retainedBytes
    this.#kept.push({ batch, items: batch.itemCount, sizeBytes, release: retain(batch) })
    this.#bytes += sizeBytes
    this.#budget.hold(sizeBytes)
    while (this.#bytes > this.#limitBytes) this.#drop()
  }

  /** Gives everything up. */
  clear(): void {
    while (this.#kept.length > 0) this.#drop()
  }

  #drop(): void {
    const kept = this.#kept.shift()
    if (!kept) return
    this.#bytes -= kept.sizeBytes
    this.#budget.free(kept.sizeBytes)
    kept.release()
    this.#lost(kept.batch.signal, kept.items)
  }
}
