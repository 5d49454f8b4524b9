import type { Kind, Signal } from '../component/types.ts'

/**
 * What passed one component for one signal, in items. At rest: accepted + created = sent + held + set aside + Σ dropped.
 * What an exporter dropped is lost.
 */
export class ItemCounters {
  /** Offered to the component, its consume not settled yet. */
  inFlight = 0
  /** Taken by the component. A receiver's are those that its pipelines took. */
  accepted = 0
  /** Rejected by the component: the caller still owns them. */
  refused = 0
  /** Handed on, and taken downstream; for an exporter: delivered. */
  sent = 0
  /** Handed on, and rejected downstream. */
  failed = 0
  created = 0
  held = 0
  /** Exporters: no longer tried, and kept. */
  setAside = 0
  readonly dropped = new Map<string, number>()
  /** A push receiver's requests that were turned away before anything was handed on, by reason. */
  readonly refusedRequests = new Map<string, number>()

  drop(reason: string, items: number): void {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + items)
  }

  /** Items of a request whose content is not known are not known either. */
  refuse(reason: string, requests: number, items: number): void {
    this.refusedRequests.set(reason, (this.refusedRequests.get(reason) ?? 0) + requests)
    this.refused += items
  }

  /** Items that are unaccounted for; 0 at rest, whatever happened. While something is in flight it lies in [0, inFlight]. */
  get missing(): number {
    let gone = this.sent + this.held + this.setAside
    for (const items of this.dropped.values()) gone += items
    return this.accepted + this.inFlight + this.created - gone
  }
}

export interface Observed {
  readonly kind: Kind
  readonly id: string
  /** Processors: the pipeline they belong to. */
  readonly pipeline?: string
  readonly signal: Signal
  readonly items: ItemCounters
}

/** The counters of every component; they live as long as the agent, so a reload resets nothing. */
export class Ledger {
  readonly #counters = new Map<string, Observed>()
  /** Batches that some branches of a fan-out took and another one did not. */
  fanoutPartial = 0
  /** Collections not begun because nothing downstream had room. */
  readonly skippedCollections = new Map<string, number>()

  counters(kind: Kind, id: string, signal: Signal, pipeline?: string): ItemCounters {
    const key = `${kind}|${id}|${signal}|${pipeline ?? ''}`
    let observed = this.#counters.get(key)
    if (!observed) {
      observed = { kind, id, pipeline, signal, items: new ItemCounters() }
      this.#counters.set(key, observed)
    }
    return observed.items
  }

  [Symbol.iterator](): Iterator<Observed> {
    return this.#counters.values()
  }
}
