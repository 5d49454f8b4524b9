import type { Admission } from '../component/admission.ts'
import type { Clock } from '../component/clock.ts'
import { errorMessage } from '../component/errors.ts'
import type { CollectFilter, Collections, CollectOutcome, CollectRequest, Receiver } from '../component/types.ts'
import type { Ledger } from './observe.ts'

/** A collection that takes longer than this is told to stop. */
const COLLECTION_LIMIT_MS = 60_000

interface Run {
  readonly filterKey: string
  readonly outcome: Promise<CollectOutcome>
}

const keyOf = (filter: CollectFilter | undefined): string => (filter ? JSON.stringify(filter) : '')

/** Runs the collections of one pull receiver: one at a time, shared by all who ask for the same. */
export class ReceiverCollections {
  readonly id: string
  readonly receiver: Receiver
  readonly #clock: Clock
  readonly #admission: Admission
  readonly #ledger: Ledger
  readonly #stop = new AbortController()
  readonly #sequence: { last: number }
  #finished?: { sequence: number; atMs: number }
  #runs: Run[] = []
  #tail: Promise<unknown> = Promise.resolve()
  #cancelTimer?: () => void

  /** `sequence` is the source's: it goes on counting when a reload replaces the receiver. */
  constructor(
    id: string,
    receiver: Receiver,
    clock: Clock,
    admission: Admission,
    ledger: Ledger,
    sequence = { last: 0 },
  ) {
    this.id = id
    this.receiver = receiver
    this.#clock = clock
    this.#admission = admission
    this.#ledger = ledger
    this.#sequence = sequence
  }

  /** Resolves with what came of it, or with an error when `signal` is aborted first; the collection itself goes on. */
  collect({ filter, maxAgeMs, signal }: CollectRequest): Promise<CollectOutcome> {
    const done = this.#finished
    if (!filter && done && this.#clock.monotonicMs() - done.atMs < maxAgeMs)
      return Promise.resolve({ source: this.id, sequence: done.sequence })
    return abortable(this.#shared(filter).outcome, signal, () => ({
      source: this.id,
      sequence: this.#finished?.sequence,
      error: `the collection did not finish in time`,
    }))
  }

  /** Collects on a timer, for push exporters downstream; a tick that finds a collection running is left out. */
  startTimer(): void {
    const intervalMs = this.receiver.collectionIntervalMs
    if (!intervalMs || this.#cancelTimer) return
    const origin = this.#clock.monotonicMs()
    const arm = (): void => {
      const passed = this.#clock.monotonicMs() - origin
      this.#cancelTimer = this.#clock.after(intervalMs - (passed % intervalMs), tick)
    }
    const tick = (): void => {
      if (this.#runs.length === 0) void this.#shared(undefined)
      arm()
    }
    void this.#shared(undefined)
    arm()
  }

  stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  stop(): void {
    this.stopTimer()
    this.#stop.abort(new Error('the receiver stops'))
  }

  #shared(filter: CollectFilter | undefined): Run {
    const filterKey = keyOf(filter)
    const same = this.#runs.find(run => run.filterKey === filterKey)
    if (same) return same
    const outcome = this.#tail.then(() => this.#run(filter))
    const run: Run = { filterKey, outcome }
    this.#runs.push(run)
    this.#tail = outcome.finally(() => this.#runs.splice(this.#runs.indexOf(run), 1))
    return run
  }

  async #run(filter: CollectFilter | undefined): Promise<CollectOutcome> {
    const source = this.id
    const ticket = this.#admission.reserve(0)
    if (ticket.refused) {
      this.#ledger.skippedCollections.set(source, (this.#ledger.skippedCollections.get(source) ?? 0) + 1)
      return { source, sequence: this.#finished?.sequence, error: `collection skipped: ${ticket.heldBy} has no room` }
    }
    const sequence = ++this.#sequence.last
    const limit = new AbortController()
    const cancel = this.#clock.after(COLLECTION_LIMIT_MS, () => limit.abort(new Error('the collection took too long')))
    try {
      const collection = { source, sequence, partial: filter !== undefined, complete: true }
      await this.receiver.collect?.(collection, filter, AbortSignal.any([this.#stop.signal, limit.signal]))
      if (!filter) this.#finished = { sequence, atMs: this.#clock.monotonicMs() }
      return { source, sequence }
    } catch (error) {
      return { source, sequence: this.#finished?.sequence, error: errorMessage(error) }
    } finally {
      cancel()
      ticket.release()
    }
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal, otherwise: () => T): Promise<T> {
  if (signal.aborted) return Promise.resolve(otherwise())
  return new Promise(resolve => {
    const abort = () => resolve(otherwise())
    signal.addEventListener('abort', abort, { once: true })
    void promise.then(value => {
      signal.removeEventListener('abort', abort)
      resolve(value)
    })
  })
}

/** What a pull exporter sees: all collecting receivers upstream of it, whichever they are at the moment. */
export function upstreamCollections(
  upstream: () => readonly ReceiverCollections[],
  timed: () => readonly ReceiverCollections[],
): Collections {
  return {
    collect: request => Promise.all(upstream().map(one => one.collect(request))),
    names: () => new Set(upstream().flatMap(one => one.receiver.collectors ?? [])),
    intervalMs: () => Math.max(0, ...timed().map(one => one.receiver.collectionIntervalMs ?? 0)),
  }
}
