import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { MemoryBudget } from '../component/admission.ts'

/** Bytes of heap and buffers now, garbage included. */
export type MeasureMemory = () => number

const heapAndBuffers: MeasureMemory = () => {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

/**
 * Bytes of heap and buffers that are in use. What V8 reports includes garbage that it sees no reason to collect while
 * nothing is allocated, so a limit on that figure could refuse data forever. This one is measured after each full
 * collection, and in between it follows what the budget counts.
 */
export class LiveMemory {
  readonly #budget: MemoryBudget
  readonly #measure: MeasureMemory
  #observer?: PerformanceObserver
  #atCollection: { bytes: number; budgetBytes: number }

  constructor(budget: MemoryBudget, measure: MeasureMemory = heapAndBuffers) {
    this.#budget = budget
    this.#measure = measure
    this.#atCollection = { bytes: 0, budgetBytes: 0 }
  }

  start(): void {
    this.collected()
    this.#observer = new PerformanceObserver(list => {
      const major = (entry: unknown): boolean =>
        (entry as { detail?: { kind?: number } }).detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR
      if (list.getEntries().some(major)) this.collected()
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  stop(): void {
    this.#observer?.disconnect()
    this.#observer = undefined
  }

  /** V8 has just collected everything: what is left is in use. */
  collected(): void {
    this.#atCollection = { bytes: this.#measure(), budgetBytes: this.#budget.usedBytes }
  }

  /** Garbage included it may be more than is in use, never less. */
  check(): void {
    if (this.#measure() < this.bytes) this.collected()
  }

  get bytes(): number {
    return this.#atCollection.bytes + this.#budget.usedBytes - this.#atCollection.budgetBytes
  }
}
