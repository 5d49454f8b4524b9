import type { Reservable } from '../component/admission.ts'
import { RefusedError } from '../component/errors.ts'
import {
  type AnyBatch,
  type Exporter,
  type HealthStatus,
  type Lifecycle,
  type Settings,
  SIGNALS,
  type Signal,
  type Takes,
} from '../component/types.ts'
import type { ItemCounters } from '../pipeline/observe.ts'
import { Accounts, LOST } from './accounts.ts'
import { QueueBound } from './bound.ts'
import type { ChainConfig } from './config.ts'
import { Destination } from './destination.ts'
import { Fifo } from './fifo.ts'
import { metadataKey, withMetadata } from './merged_origin.ts'
import { type Answer, Whole } from './parts.ts'
import { SetAside } from './set_aside.ts'
import { retain, split, withOrigin } from './shape.ts'

/** Part of the queue that batches set aside may take; of 64 MiB where the queue has no limit in bytes. */
const SET_ASIDE_PART = 0.1
const WITHOUT_LIMIT_BYTES = 64 * 2 ** 20

export interface ChainOptions {
  readonly exporter: Exporter
  readonly ordering: 'none' | 'per_key'
  readonly config: ChainConfig
  readonly settings: Pick<Settings, 'id' | 'log' | 'clock' | 'budget' | 'report'>
  counters(signal: Signal): ItemCounters
  /** In [0, 1); Math.random when absent. */
  random?(): number
}

/** How the delivery of an exporter stands. */
export interface DeliveryState {
  readonly queueBytes: number
  readonly queueItems: number
  /** Milliseconds since the oldest data in the queue came in; 0 when it is empty. */
  readonly oldestAgeMs: number
  readonly setAsideBytes: number
  /** Unix milliseconds; undefined before the first. */
  readonly lastSuccessMs?: number
}

/** What waits for room in the queue. */
interface Waiting extends Answer {
  readonly batch: AnyBatch
  readonly sizeBytes: number
}

/**
 * What stands before every exporter that sends: queue, batching, retry, timeout, and the books of what is lost. The exporter
 * itself makes one attempt. `consume` resolves once the queue has the batch, or with `wait_for_result` (and without a queue)
 * once it is delivered.
 */
export class Chain implements Lifecycle {
  readonly traces?: Takes['traces']
  readonly metrics?: Takes['metrics']
  readonly logs?: Takes['logs']
  /** What admission asks: only a queue that refuses is there to be asked. */
  readonly reservable?: Reservable
  readonly #options: ChainOptions
  readonly #bound: QueueBound
  readonly #accounts: Accounts
  readonly #setAside: SetAside
  readonly #destinations = new Map<Signal, Destination>()
  readonly #waiting = new Fifo<Waiting>()
  readonly #health = new Map<Signal, { status: HealthStatus; message?: string }>()
  #numbers = 0
  #closed = false
  #lastSuccessMs?: number
  #onMoved: () => void = () => {}

  constructor(options: ChainOptions) {
    const { exporter, config, settings, counters } = options
    const { queue } = config
    this.#options = options
    this.#bound = new QueueBound(`exporters.${settings.id}.sending_queue`, queue, settings.budget)
    if (queue.enabled && queue.onFull === 'reject' && !queue.blocks) this.reservable = this.#bound
    this.#accounts = new Accounts(counters, whole => this.#ended(whole), settings.log, settings.clock)
    const ofBytes = queue.enabled && queue.sizer === 'bytes' ? queue.size : WITHOUT_LIMIT_BYTES
    this.#setAside = new SetAside(ofBytes * SET_ASIDE_PART, settings.budget, (signal, items) =>
      this.#accounts.lostAside(signal, items),
    )
    for (const signal of SIGNALS) {
      if (!exporter[signal]) continue
      const destination = this.#destination(signal)
      this.#destinations.set(signal, destination)
      this[signal] = (batch: AnyBatch) => this.#take(batch, destination)
    }
  }

  get state(): DeliveryState {
    const { clock } = this.#options.settings
    const oldestMs = Math.min(...[...this.#destinations.values()].map(destination => destination.oldestMs))
    return {
      queueBytes: this.#bound.heldBytes,
      queueItems: this.#bound.heldItems,
      oldestAgeMs: oldestMs === Number.POSITIVE_INFINITY ? 0 : clock.monotonicMs() - oldestMs,
      setAsideBytes: this.#setAside.sizeBytes,
      lastSuccessMs: this.#lastSuccessMs,
    }
  }

  async start(): Promise<void> {
    await this.#options.exporter.start?.()
  }
  async check(signal: AbortSignal): Promise<void> {
    await this.#options.exporter.check?.(signal)
  }
  describe(): string {
    return this.#options.exporter.describe?.() ?? ''
  }

  /** Takes nothing more, sends what there is until the deadline, and counts the rest as lost. */
  async shutdown(deadline: AbortSignal): Promise<void> {
    this.#closed = true
    this.#bound.closed = true
    for (let waiting = this.#waiting.shift(); waiting; waiting = this.#waiting.shift())
      waiting.reject(this.#refusal('shutting_down'))
    await this.#drained(deadline)
    for (const destination of this.#destinations.values()) destination.close()
    this.#setAside.clear()
    await this.#options.exporter.shutdown?.(deadline)
  }

  #destination(signal: Signal): Destination {
    const { exporter, ordering, config, settings, random = Math.random } = this.#options
    const deliver = exporter[signal] as NonNullable<Exporter['traces']>
    return new Destination({
      signal,
      deliver: async (batch, aborted) => (await deliver.call(exporter, batch as never, aborted)) ?? undefined,
      ordering,
      shard: exporter.shard?.bind(exporter),
      config,
      clock: settings.clock,
      random,
      accounts: this.#accounts,
      setAside: this.#setAside,
      report: (status, message) => this.#report(signal, status, message),
      moved: delivered => {
        if (delivered) this.#lastSuccessMs = settings.clock.nowMs()
        this.#onMoved()
      },
    })
  }

  #take(batch: AnyBatch, destination: Destination): Promise<void> | void {
    const promised = batch.origin.ticket?.claim(this.#bound) ?? 0
    if (this.#closed) {
      this.#bound.cancel(promised)
      throw this.#refusal('shutting_down')
    }
    if (batch.itemCount === 0) return this.#bound.cancel(promised)
    const own = batch.compact()
    const sizeBytes = own.retainedBytes
    const { blocks } = this.#options.config.queue
    if (blocks && this.#waiting.length > 0) return this.#wait(own, sizeBytes)
    const full = this.#bound.take(sizeBytes, own.itemCount, promised)
    if (full === undefined) return this.#enqueue(own, sizeBytes, destination)
    if (blocks) return this.#wait(own, sizeBytes)
    return this.#overflow(own, sizeBytes, destination, full)
  }

  /** There is no room: refuses the batch, or loses it or older ones, as configured. */
  #overflow(batch: AnyBatch, sizeBytes: number, destination: Destination, full: string): Promise<void> | void {
    const { onFull } = this.#options.config.queue
    if (onFull === 'reject') throw new RefusedError('no_room', full)
    while (onFull === 'drop_oldest' && this.#dropOldest())
      if (this.#bound.take(sizeBytes, batch.itemCount, 0) === undefined)
        return this.#enqueue(batch, sizeBytes, destination)
    this.#accounts.turnedAway(batch.signal, batch.itemCount, LOST.queueFull, `${full} is full`)
  }

  #dropOldest(): boolean {
    let oldest: Destination | undefined
    for (const destination of this.#destinations.values())
      if (destination.oldest && destination.oldest.number < (oldest?.oldest?.number ?? Number.POSITIVE_INFINITY))
        oldest = destination
    const parts = oldest?.dropOldest() ?? []
    this.#accounts.lost(parts, LOST.queueFull, this.#refusal('queue_full'))
    return parts.length > 0
  }

  #wait(batch: AnyBatch, sizeBytes: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ batch, sizeBytes, resolve, reject }))
  }

  /** Lets in those who wait, as far as there is room. */
  #admitWaiting(): void {
    for (let next = this.#waiting.first; next; next = this.#waiting.first) {
      const { batch, sizeBytes, resolve, reject } = next
      if (this.#bound.take(sizeBytes, batch.itemCount, 0) !== undefined) return
      this.#waiting.shift()
      const destination = this.#destinations.get(batch.signal) as Destination
      Promise.resolve(this.#enqueue(batch, sizeBytes, destination)).then(resolve, reject)
    }
  }

  /** From here on the chain answers for the batch; with an answer asked for, its sender waits for the outcome. */
  #enqueue(batch: AnyBatch, sizeBytes: number, destination: Destination): Promise<void> | void {
    if (!this.#options.config.queue.waitsForResult) return this.#add(batch, sizeBytes, destination)
    return new Promise((resolve, reject) => this.#add(batch, sizeBytes, destination, { resolve, reject }))
  }

  #add(batch: AnyBatch, sizeBytes: number, destination: Destination, answer?: Answer): void {
    const whole = new Whole(batch.signal, batch.itemCount, sizeBytes, retain(batch), answer)
    this.#accounts.took(whole)
    const pieces = destination.shard(batch).map(own => (own ? this.#pieces(own) : []))
    whole.open = pieces.reduce((sum, own) => sum + own.length, 0)
    const atMs = this.#options.settings.clock.monotonicMs()
    const { batch: limits } = this.#options.config
    for (const [lane, own] of pieces.entries())
      for (const piece of own) {
        const mergeKey = limits ? metadataKey(piece.origin, limits.metadataKeys) : ''
        const size = limits?.sizer === 'items' ? piece.itemCount : piece.sizeBytes
        const number = this.#numbers++
        destination.push(lane, { whole, batch: piece, items: piece.itemCount, size, number, atMs, mergeKey })
      }
    destination.pump()
  }

  /** Cut to what one request may be. */
  #pieces(batch: AnyBatch): readonly AnyBatch[] {
    const { batch: limits } = this.#options.config
    if (!limits) return [batch]
    const keys = limits.metadataKeys
    const own = keys && batch.origin.metadata ? withOrigin(batch, withMetadata(batch.origin, keys)) : batch
    if (limits.maxSize === Number.POSITIVE_INFINITY) return [own]
    const [maxItems, maxBytes] =
      limits.sizer === 'items' ? [limits.maxSize, Number.POSITIVE_INFINITY] : [Number.POSITIVE_INFINITY, limits.maxSize]
    return split(own, maxItems, maxBytes)
  }

  #ended(whole: Whole): void {
    this.#bound.give(whole.sizeBytes, whole.items)
    whole.release()
    if (this.#waiting.length > 0) this.#admitWaiting()
  }

  #drained(deadline: AbortSignal): Promise<void> | void {
    for (const destination of this.#destinations.values()) destination.drain()
    if (this.#empty) return
    return new Promise(resolve => {
      const done = (): void => {
        deadline.removeEventListener('abort', late)
        this.#onMoved = () => {}
        resolve()
      }
      const late = (): void => {
        this.#abandon()
        done()
      }
      this.#onMoved = () => {
        if (this.#empty) done()
      }
      if (deadline.aborted) late()
      else deadline.addEventListener('abort', late, { once: true })
    })
  }

  get #empty(): boolean {
    return [...this.#destinations.values()].every(destination => destination.empty)
  }

  #abandon(): void {
    const reason = this.#refusal('shutting_down')
    for (const destination of this.#destinations.values())
      this.#accounts.lost(destination.abandon(reason), LOST.shutdown, reason)
  }

  #refusal(reason: string): RefusedError {
    return new RefusedError(reason, this.#bound.name)
  }

  /** Says how the worst of the signals is, when that has changed. */
  #report(signal: Signal, status: HealthStatus, message?: string): void {
    const known = this.#health.get(signal)
    if ((known?.status ?? 'healthy') === status && known?.message === message) return
    this.#health.set(signal, { status, message })
    const { settings } = this.#options
    if (status === 'healthy') settings.log.info(`delivers ${signal} again`)
    else settings.log.warn(`${signal}: ${message}`)
    const all = [...this.#health.values()]
    const worst = (['unhealthy', 'degraded'] as const)
      .map(bad => all.find(own => own.status === bad))
      .find(own => own !== undefined)
    settings.report(worst?.status ?? 'healthy', worst?.message)
  }
}
