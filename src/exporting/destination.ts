import type { Clock } from '../component/clock.ts'
import { errorMessage, MisconfiguredError } from '../component/errors.ts'
import type { AnyBatch, Delivered, HealthStatus, Signal } from '../component/types.ts'
import { type Accounts, LOST } from './accounts.ts'
import { attempt } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import type { ChainConfig } from './config.ts'
import { Gate, type Pass } from './gate.ts'
import { Lane } from './lane.ts'
import type { Part, Unit } from './parts.ts'
import type { SetAside } from './set_aside.ts'
import { isStrike, judge, type Verdict } from './verdict.ts'

export interface DestinationOptions {
  readonly signal: Signal
  /** One attempt. Never throws synchronously. */
  deliver(batch: AnyBatch, signal: AbortSignal): Promise<Delivered>
  readonly ordering: 'none' | 'per_key'
  /** Cuts a batch so that items of one key are always in the same part; undefined: one order for all. */
  readonly shard?: (batch: AnyBatch, shards: number) => readonly (AnyBatch | undefined)[]
  readonly config: ChainConfig
  readonly clock: Clock
  /** In [0, 1). */
  random(): number
  readonly accounts: Accounts
  readonly setAside: SetAside
  report(status: HealthStatus, message?: string): void
  /** Something was delivered or given up. */
  moved(delivered: boolean): void
}

/** Sends what waits for one signal of an exporter: when, how often, and what becomes of what fails. */
export class Destination {
  readonly #options: DestinationOptions
  readonly #gate: Gate
  readonly #lanes: readonly Lane[]
  #draining = false
  #wakeAtMs = Number.POSITIVE_INFINITY
  #cancelWake = () => {}

  constructor(options: DestinationOptions) {
    const { ordering, shard, config, random } = options
    const { batch, queue, retry } = config
    this.#options = options
    this.#gate = new Gate(failure => this.#hurried(backoffMs(retry, failure, random())))
    const ordered = ordering === 'per_key'
    const count = ordered && shard && Number.isFinite(queue.consumers) ? queue.consumers : 1
    const consumers = ordered ? 1 : queue.consumers
    this.#lanes = Array.from({ length: count }, () => new Lane({ gate: this.#gate, limits: batch, consumers, ordered }))
  }

  get empty(): boolean {
    return this.#lanes.every(lane => lane.empty)
  }
  /** The oldest part that is not on its way. */
  get oldest(): Part | undefined {
    return this.#oldestLane()?.oldest
  }
  /** Monotonic time of the oldest part of all; Infinity when there is none. */
  get oldestMs(): number {
    return Math.min(...this.#lanes.map(lane => lane.oldestMs))
  }

  /** The batch by lanes, for `push`. */
  shard(batch: AnyBatch): readonly (AnyBatch | undefined)[] {
    const lanes = this.#lanes.length
    return lanes === 1 || !this.#options.shard ? [batch] : this.#options.shard(batch, lanes)
  }

  push(lane: number, part: Part): void {
    this.#lanes[lane].push(part)
  }

  /** Sends what may be sent now, and comes back when there will be more. */
  pump(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const lane of this.#lanes)
      for (let unit = lane.next(nowMs); unit; unit = lane.next(nowMs)) this.#send(lane, unit, nowMs)
    const wakes = this.#lanes.flatMap(lane => lane.wakeAtMs() ?? [])
    this.#wake(Math.min(...wakes), nowMs)
  }

  dropOldest(): readonly Part[] {
    return this.#oldestLane()?.dropOldest() ?? []
  }

  /** Tries everything at once from now on, as the agent ends. */
  drain(): void {
    this.#draining = true
    this.#gate.reset()
    for (const lane of this.#lanes) {
      lane.draining = true
      lane.hurry()
    }
    this.pump()
  }

  /** Gives everything up; attempts under way are ended. */
  abandon(reason: Error): Part[] {
    this.#cancelWake()
    const active = this.#lanes.flatMap(lane => [...lane.active])
    const parts = this.#lanes.flatMap(lane => lane.abandon())
    for (const unit of active) unit.abort(reason)
    return parts
  }

  /** No timer is left. */
  close(): void {
    this.#cancelWake()
  }

  #oldestLane(): Lane | undefined {
    let oldest: Lane | undefined
    for (const lane of this.#lanes)
      if (lane.oldest && lane.oldest.number < (oldest?.oldest?.number ?? Number.POSITIVE_INFINITY)) oldest = lane
    return oldest
  }

  /** A wake-up that is not later than needed stays as it is. One that is already past waits for an outcome, not for time. */
  #wake(atMs: number, nowMs: number): void {
    if (atMs <= nowMs || (atMs >= this.#wakeAtMs && this.#wakeAtMs > nowMs)) return
    this.#cancelWake()
    if (atMs === Number.POSITIVE_INFINITY) return
    this.#wakeAtMs = atMs
    const cancel = this.#options.clock.after(atMs - nowMs, () => {
      this.#forgetWake()
      this.pump()
    })
    this.#cancelWake = () => {
      cancel()
      this.#forgetWake()
    }
  }

  #forgetWake(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY
    this.#cancelWake = () => {}
  }

  #send(lane: Lane, unit: Unit, nowMs: number): void {
    const { deliver, config, clock } = this.#options
    const pass = this.#gate.enter(nowMs)
    if (unit.attempts++ === 0) {
      unit.firstAttemptMs = nowMs
      unit.seenSuccesses = this.#gate.successes
    }
    lane.active.add(unit)
    const outcome = attempt(
      signal => deliver(unit.batch, signal),
      config.timeoutMs,
      clock,
      abort => {
        unit.abort = abort
      },
    )
    void outcome.then(
      result => this.#over(lane, unit, () => this.#delivered(unit, pass, result)),
      error => this.#over(lane, unit, () => this.#failed(lane, unit, pass, error)),
    )
  }

  #over(lane: Lane, unit: Unit, settle: () => boolean): void {
    if (unit.settled) return
    lane.active.delete(unit)
    const delivered = settle()
    this.pump()
    this.#options.moved(delivered)
  }

  #delivered(unit: Unit, pass: Pass, result: Delivered): true {
    this.#gate.answered(pass, true)
    unit.settled = true
    this.#options.accounts.delivered(unit, result?.rejected ?? 0, result?.reason ?? 'rejected')
    this.#options.report('healthy')
    return true
  }

  #failed(lane: Lane, unit: Unit, pass: Pass, error: unknown): false {
    const { accounts, config, clock, random } = this.#options
    const nowMs = clock.monotonicMs()
    accounts.failed(unit)
    if (isStrike(error) && this.#gate.successes > unit.seenSuccesses) unit.strikes++
    unit.seenSuccesses = this.#gate.successes
    const { attempts, strikes } = unit
    const standing = { attempts, strikes, elapsedMs: nowMs - unit.firstAttemptMs, draining: this.#draining }
    const verdict = judge(error, standing, config.retry, random())
    this.#tellGate(unit, pass, error, verdict, nowMs)
    if (verdict.kind === 'retry') {
      unit.dueMs = nowMs + verdict.waitMs
      lane.putBack(unit)
    } else this.#giveUp(unit, verdict, error)
    return false
  }

  #giveUp(unit: Unit, verdict: Exclude<Verdict, { kind: 'retry' }>, error: unknown): void {
    const { accounts, setAside } = this.#options
    unit.settled = true
    const reason = verdict.kind === 'lost' ? verdict.reason : LOST.poison
    if (verdict.kind === 'lost' || unit.parts[0].whole.answer) accounts.lost(unit.parts, reason, error)
    else {
      setAside.add(unit)
      accounts.setAside(unit)
    }
  }

  #tellGate(unit: Unit, pass: Pass, error: unknown, verdict: Verdict, nowMs: number): void {
    const { report, config } = this.#options
    if (error instanceof MisconfiguredError) report('unhealthy', `${error.message}: check ${error.configKey}`)
    if (verdict.kind === 'retry' && verdict.everyone) this.#gate.throttle(pass, nowMs + verdict.waitMs)
    else if (isStrike(error) && config.retry.enabled) {
      this.#gate.failed(pass, unit, nowMs)
      if (this.#gate.shut) report('degraded', `cannot deliver: ${errorMessage(error)}`)
    } else this.#gate.answered(pass, false)
  }

  #hurried(waitMs: number): number {
    return this.#draining ? Math.min(waitMs, 1000) : waitMs
  }
}
