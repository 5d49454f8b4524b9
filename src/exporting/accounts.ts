import type { Clock } from '../component/clock.ts'
import { errorMessage } from '../component/errors.ts'
import type { Logger, Signal } from '../component/types.ts'
import type { ItemCounters } from '../pipeline/observe.ts'
import type { Part, Unit, Whole } from './parts.ts'

/** Losses of one kind are said once in this time. */
const SAY_EVERY_MS = 10_000

/** Reasons for which the chain itself loses data. */
export const LOST = {
  queueFull: 'queue_full',
  poison: 'poison',
  shutdown: 'shutdown',
  retryOff: 'retry_disabled',
  expired: 'retry_expired',
} as const

/**
 * The books of one exporter: every item that a queue took is held, sent, set aside or lost with a reason, at every moment.
 * What a waiting sender still owns is counted when it is answered.
 */
export class Accounts {
  readonly #counters: (signal: Signal) => ItemCounters
  /** Called when every part of a whole has come to an end. */
  readonly #ended: (whole: Whole) => void
  readonly #log: Logger
  readonly #clock: Clock
  readonly #said = new Map<string, { atMs: number; unsaid: number }>()

  constructor(counters: (signal: Signal) => ItemCounters, ended: (whole: Whole) => void, log: Logger, clock: Clock) {
    this.#counters = counters
    this.#ended = ended
    this.#log = log
    this.#clock = clock
  }

  /** The chain has these items now. */
  took(whole: Whole): void {
    this.#counters(whole.signal).held += whole.items
  }

  failed(unit: Unit): void {
    this.#counters(unit.batch.signal).failed += unit.items
  }

  /** Delivered, but for `rejected` items. */
  delivered(unit: Unit, rejected: number, reason: string): void {
    let left = Math.min(Math.max(0, rejected), unit.items)
    if (left > 0) this.#say(unit.batch.signal, reason, left, 'the destination refused them')
    for (const part of unit.parts) {
      const lost = Math.min(left, part.items)
      left -= lost
      this.#end(part, part.items - lost, lost, reason)
    }
  }

  /** Lost, or left with its sender if that still waits: then the sender gets `error`. */
  lost(parts: readonly Part[], reason: string, error: unknown): void {
    let items = 0
    for (const part of parts) {
      if (part.whole.answer) part.whole.error ??= error
      else items += part.items
      this.#end(part, 0, part.items, reason)
    }
    if (items > 0) this.#say(parts[0].batch.signal, reason, items, errorMessage(error))
  }

  /** Lost without ever having been held. */
  turnedAway(signal: Signal, items: number, reason: string, why: string): void {
    this.#counters(signal).drop(reason, items)
    this.#say(signal, reason, items, why)
  }

  /** Out of the queue and kept. */
  setAside(unit: Unit): void {
    const { signal } = unit.batch
    this.#counters(signal).held -= unit.items
    this.#counters(signal).setAside += unit.items
    for (const part of unit.parts) this.#close(part)
  }

  /** No longer kept. */
  lostAside(signal: Signal, items: number): void {
    this.#counters(signal).setAside -= items
    this.#counters(signal).drop(LOST.poison, items)
    this.#say(signal, LOST.poison, items, 'it failed again and again while others were delivered')
  }

  #end(part: Part, sent: number, lost: number, reason: string): void {
    const { whole } = part
    whole.sent += sent
    if (whole.answer) whole.rejected.set(reason, (whole.rejected.get(reason) ?? 0) + lost)
    else this.#count(whole.signal, part.items, sent, lost, reason)
    this.#close(part)
  }

  #count(signal: Signal, items: number, sent: number, lost: number, reason: string): void {
    const own = this.#counters(signal)
    own.held -= items
    own.sent += sent
    if (lost > 0) own.drop(reason, lost)
  }

  #close({ whole }: Part): void {
    if (--whole.open > 0) return
    this.#ended(whole)
    if (whole.answer) this.#answer(whole, whole.answer)
  }

  #answer(whole: Whole, answer: NonNullable<Whole['answer']>): void {
    const own = this.#counters(whole.signal)
    own.held -= whole.items
    if (whole.error === undefined) {
      own.sent += whole.sent
      for (const [reason, items] of whole.rejected) if (items > 0) own.drop(reason, items)
      answer.resolve()
    } else answer.reject(whole.error)
  }

  #say(signal: Signal, reason: string, items: number, why: string): void {
    const said = this.#said.get(reason) ?? { atMs: Number.NEGATIVE_INFINITY, unsaid: 0 }
    this.#said.set(reason, said)
    said.unsaid += items
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - said.atMs < SAY_EVERY_MS) return
    this.#log.warn(`lost ${said.unsaid} items of ${signal} (${reason}): ${why}`, { signal, reason, items: said.unsaid })
    said.atMs = nowMs
    said.unsaid = 0
  }
}
