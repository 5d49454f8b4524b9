import type { BudgetBound, MemoryBudget } from '../component/admission.ts'

const NAME = "the agent's memory budget"

/** The bytes that queues keep and senders were promised, under one limit that others can lower. */
export class ByteBudget implements MemoryBudget {
  readonly #ownLimitBytes: number
  readonly #bounds = new Set<{ name: string; limitBytes: number }>()
  #heldBytes = 0
  #reservedBytes = 0

  constructor(limitBytes: number) {
    this.#ownLimitBytes = limitBytes
  }

  /** Who set the limit that counts. */
  get name(): string {
    return this.#lowest()?.name ?? NAME
  }
  get limitBytes(): number {
    return this.#lowest()?.limitBytes ?? this.#ownLimitBytes
  }
  get heldBytes(): number {
    return this.#heldBytes
  }
  get usedBytes(): number {
    return this.#heldBytes + this.#reservedBytes
  }

  fits(sizeBytes: number): boolean {
    return this.usedBytes + sizeBytes <= this.limitBytes
  }
  reserve(sizeBytes: number): boolean {
    if (!this.fits(sizeBytes)) return false
    this.#reservedBytes += sizeBytes
    return true
  }
  cancel(sizeBytes: number): void {
    this.#reservedBytes -= sizeBytes
  }
  hold(sizeBytes: number): void {
    this.#heldBytes += sizeBytes
  }
  free(sizeBytes: number): void {
    this.#heldBytes -= sizeBytes
  }

  bound(name: string, limitBytes: number): BudgetBound {
    const bound = { name, limitBytes }
    this.#bounds.add(bound)
    return {
      set(next) {
        bound.limitBytes = next
      },
      release: () => void this.#bounds.delete(bound),
    }
  }

  #lowest(): { name: string; limitBytes: number } | undefined {
    let lowest: { name: string; limitBytes: number } | undefined
    for (const bound of this.#bounds) if (bound.limitBytes < (lowest?.limitBytes ?? this.#ownLimitBytes)) lowest = bound
    return lowest
  }
}
