import type { BatchLimits } from './config.ts'
import { Fifo } from './fifo.ts'
import type { Gate } from './gate.ts'
import { type Part, Unit } from './parts.ts'
import { concat } from './shape.ts'

export interface LaneOptions {
  readonly gate: Gate
  /** Undefined: parts are sent as they come. */
  readonly limits?: BatchLimits
  /** Units on the way at the same time. */
  readonly consumers: number
  /** Nothing overtakes: a unit that failed is the next one again. */
  readonly ordered: boolean
}

/** What waits to be sent to one destination: fresh parts in their order, and units that failed. Times are monotonic. */
export class Lane {
  readonly #options: LaneOptions
  readonly #fresh = new Fifo<Part>()
  #freshSize = 0
  /** Units that failed, in the order in which they did. */
  #failed: Unit[] = []
  readonly active = new Set<Unit>()
  /** Everything is sent without waiting for more. */
  draining = false

  constructor(options: LaneOptions) {
    this.#options = options
  }

  get empty(): boolean {
    return this.#fresh.length === 0 && this.#failed.length === 0 && this.active.size === 0
  }
  /** The oldest of what waits. */
  get oldest(): Part | undefined {
    const candidates = [this.#fresh.first, ...this.#failed.map(unit => unit.parts[0])]
    return candidates.reduce((oldest, part) => (part && (!oldest || part.number < oldest.number) ? part : oldest))
  }
  /** The oldest of all, also of what is on its way. */
  get oldestMs(): number {
    const waiting = this.oldest?.atMs ?? Number.POSITIVE_INFINITY
    return Math.min(waiting, ...[...this.active].map(unit => unit.parts[0].atMs))
  }

  push(part: Part): void {
    this.#fresh.push(part)
    this.#freshSize += part.size
  }

  /** Puts a unit back that is to be sent again when it is due. */
  putBack(unit: Unit): void {
    this.#failed.push(unit)
  }

  /** Takes the next unit that may be sent now. */
  next(nowMs: number): Unit | undefined {
    const { gate, consumers, ordered } = this.#options
    if (this.active.size >= consumers) return undefined
    const state = gate.state(nowMs)
    if (state === 'closed') return undefined
    if (ordered && this.#failed.length > 0)
      return this.#takeFailed(this.#failed[0].dueMs <= nowMs ? this.#failed[0] : undefined)
    const due = this.#failed.filter(unit => unit.dueMs <= nowMs)
    if (state === 'probe')
      return this.#form(nowMs) ?? this.#takeFailed(due.toSorted((a, b) => a.attempts - b.attempts)[0])
    return this.#takeFailed(due[0]) ?? this.#form(nowMs)
  }

  /** When `next` may have something that it has not now; undefined while only an outcome or new data can change it. */
  wakeAtMs(): number | undefined {
    const { gate, consumers, ordered } = this.#options
    if (this.active.size >= consumers) return undefined
    const failed = ordered ? this.#failed.slice(0, 1) : this.#failed
    const due = failed.map(unit => unit.dueMs)
    const flush = ordered && failed.length > 0 ? Number.POSITIVE_INFINITY : this.#flushAtMs()
    const earliest = Math.min(flush, ...due)
    return earliest === Number.POSITIVE_INFINITY ? undefined : Math.max(earliest, gate.opensAtMs)
  }

  /** Makes everything that waits due now. */
  hurry(): void {
    for (const unit of this.#failed) unit.dueMs = 0
  }

  /** Removes the oldest of what waits. */
  dropOldest(): readonly Part[] {
    const oldest = this.oldest
    if (oldest && oldest === this.#fresh.first) return [this.#shift()]
    const unit = this.#failed.find(({ parts }) => parts[0] === oldest)
    return this.#takeFailed(unit)?.parts ?? []
  }

  /** Removes everything, also what is on its way. */
  abandon(): Part[] {
    const parts = [...this.active, ...this.#failed].flatMap(unit => {
      unit.settled = true
      return unit.parts
    })
    this.active.clear()
    this.#failed = []
    while (this.#fresh.length > 0) parts.push(this.#shift())
    return parts
  }

  #takeFailed(unit: Unit | undefined): Unit | undefined {
    if (unit) this.#failed = this.#failed.filter(other => other !== unit)
    return unit
  }

  #shift(): Part {
    const part = this.#fresh.shift() as Part
    this.#freshSize -= part.size
    return part
  }

  #flushAtMs(): number {
    const first = this.#fresh.first
    if (!first) return Number.POSITIVE_INFINITY
    const { limits } = this.#options
    if (!limits || this.draining || this.#freshSize >= limits.minSize) return 0
    return first.atMs + limits.flushAfterMs
  }

  #form(nowMs: number): Unit | undefined {
    if (this.#flushAtMs() > nowMs) return undefined
    const parts = this.#gather()
    return new Unit(parts, concat(parts.map(part => part.batch)))
  }

  /** The first part and what may be joined with it. */
  #gather(): Part[] {
    const first = this.#shift()
    const { limits, ordered } = this.#options
    if (!limits) return [first]
    const enough = limits.maxSize === Number.POSITIVE_INFINITY ? limits.minSize : limits.maxSize
    const parts = [first]
    let size = first.size
    for (let part = this.#fresh.first; part && size < enough; part = this.#fresh.first) {
      if (part.mergeKey !== first.mergeKey || size + part.size > limits.maxSize) break
      size += part.size
      parts.push(this.#shift())
    }
    const blocked = this.#fresh.first
    if (blocked && size < enough && blocked.mergeKey !== first.mergeKey && !ordered)
      parts.push(...this.#gatherApart(first.mergeKey, enough - size))
    return parts
  }

  /** Parts with this key, from among those of others. */
  #gatherApart(mergeKey: string, room: number): Part[] {
    let size = 0
    const taken = this.#fresh.take(part => {
      if (part.mergeKey !== mergeKey) return false
      size += part.size
      return size > room ? undefined : true
    })
    for (const part of taken) this.#freshSize -= part.size
    return taken
  }
}
