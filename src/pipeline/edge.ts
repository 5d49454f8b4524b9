import type { AnyBatch, BatchOf, Signal } from '../component/types.ts'
import type { ItemCounters, Ledger } from './observe.ts'

/** Something at the end of an edge: one instance, for one signal. */
export interface Target<S extends Signal = Signal> {
  readonly items: ItemCounters
  /** What it takes it has delivered: an exporter without a queue. */
  readonly delivers: boolean
  /** The component's own function; may throw, reject, or never settle. */
  take(batch: BatchOf<S>): Promise<void> | void
}

/**
 * Where a component hands on one signal. It counts, turns a throw into a rejection, fans out, and can be pointed at other
 * targets while batches are under way: those finish where they went.
 */
export class Edge<S extends Signal = Signal> {
  targets: readonly Target<S>[] = []
  readonly #ledger: Ledger
  /** Counters of the component that hands on. */
  readonly #from: ItemCounters
  /** A receiver's batches count as accepted once its pipelines took them. */
  readonly #isReceiver: boolean

  constructor(ledger: Ledger, from: ItemCounters, isReceiver: boolean) {
    this.#ledger = ledger
    this.#from = from
    this.#isReceiver = isReceiver
  }

  /** Resolves when every target took the batch; rejects with the first failure otherwise. Never throws. */
  async consume(batch: BatchOf<S>): Promise<void> {
    const items = batch.itemCount
    const from = this.#from
    if (this.#isReceiver) from.inFlight += items
    try {
      await (this.targets.length === 1 ? offer(this.targets[0], batch) : this.#fanOut(batch))
      from.sent += items
      if (this.#isReceiver) from.accepted += items
    } catch (error) {
      from.failed += items
      if (this.#isReceiver) from.refused += items
      throw error
    } finally {
      if (this.#isReceiver) from.inFlight -= items
    }
  }

  async #fanOut(batch: BatchOf<S>): Promise<void> {
    const results = await Promise.allSettled(this.targets.map(target => offer(target, batch)))
    const failed = results.filter(result => result.status === 'rejected')
    if (failed.length === 0) return
    if (failed.length < results.length) this.#ledger.fanoutPartial++
    throw failed[0].reason
  }
}

async function offer<S extends Signal>(target: Target<S>, batch: BatchOf<S>): Promise<void> {
  const items = (batch as AnyBatch).itemCount
  const counters = target.items
  counters.inFlight += items
  try {
    await target.take(batch)
    counters.accepted += items
    if (target.delivers) counters.sent += items
  } catch (error) {
    counters.refused += items
    throw error
  } finally {
    counters.inFlight -= items
  }
}
