import { expect } from 'vitest'
import { z } from 'zod'
import type { MemoryBudget } from '../../src/component/admission.ts'
import { defineExporter } from '../../src/component/define.ts'
import { errorMessage } from '../../src/component/errors.ts'
import type { AnyBatch, Delivered, Exporter, HealthStatus, Next, Settings } from '../../src/component/types.ts'
import { chainFields } from '../../src/exporting/config.ts'
import { Ledger } from '../../src/pipeline/observe.ts'
import { type Attach, Pipelines } from '../../src/pipeline/run.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import type { Origin } from '../../src/telemetry/origin.ts'
import { type TraceBatch, WireBatch } from '../../src/telemetry/wire_batch.ts'
import { FakeClock, settle } from '../support/clock.ts'
import { testReceiver } from '../support/components.ts'
import { agentConfig } from '../support/config.ts'
import { imbalances } from '../support/ledger.ts'
import { fakeSettings, RecordedLog } from '../support/settings.ts'

export const config = z.strictObject({ ...chainFields })
export type Given = z.input<typeof config>

/** What the destination does with an attempt. */
export type Answer = (batch: AnyBatch, signal: AbortSignal) => Promise<Delivered> | Promise<void> | Delivered | void

/** Batches are sent as they come, and waits are not changed at random: what most tests want. */
export const PLAIN: Given = {
  sending_queue: { batch: { enabled: false } },
  retry_on_failure: { randomization_factor: 0 },
}

interface WorldOptions {
  /** One exporter for each: `e`, `e2`, … */
  exporters?: Given[]
  ordering?: 'none' | 'per_key'
  over?: Partial<Exporter>
  budget?: MemoryBudget
}

/** A receiver `r` that feeds exporters whose destination the test plays, on a clock that the test moves. */
export async function world({ exporters = [PLAIN], ordering = 'none', over = {}, budget }: WorldOptions = {}) {
  const clock = new FakeClock()
  const ledger = new Ledger()
  const series = new SeriesTable({ nowMs: () => clock.monotonicMs() })
  const log = new RecordedLog()
  const health: [HealthStatus, string?][] = []
  const sent: { atMs: number; exporter: string; batch: AnyBatch }[] = []
  const began = clock.nowMs()
  const play: { answer: Answer } = { answer: () => {} }
  const definition = defineExporter({
    type: 'test',
    signals: ['traces', 'metrics', 'logs'],
    stability: 'development',
    delivery: 'push',
    ordering,
    config,
    create(_, { id }) {
      const deliver = (batch: AnyBatch, signal: AbortSignal) => {
        sent.push({ atMs: clock.nowMs() - began, exporter: id, batch })
        return play.answer(batch, signal)
      }
      return { traces: deliver, metrics: deliver, logs: deliver, ...over }
    },
  })
  const attach: Attach = ({ id }, kind, pipeline) => {
    const report = (...said: [HealthStatus, string?]) => void health.push(said)
    return { settings: fakeSettings({ id, kind, pipeline, clock, series, log, report }), detach() {} }
  }
  const pipelines = new Pipelines({ ledger, clock, attach, ...(budget && { budget }) })
  const held: { next: Next; settings: Settings }[] = []
  const ids = exporters.map((_, i) => (i === 0 ? 'e' : `e${i + 1}`))
  const given = [
    { id: 'r', definition: testReceiver([], (next, settings) => void held.push({ next, settings })) },
    ...ids.map((id, i) => ({ id, definition, config: config.parse(exporters[i]) })),
  ]
  const wiring = ['traces', 'metrics', 'logs'].map(signal => `${signal}: r -> ${ids.join(' ')}`)
  await pipelines.apply(agentConfig(given, wiring), () => new AbortController().signal)
  const [{ next, settings }] = held

  return {
    clock,
    ledger,
    pipelines,
    series,
    log,
    health,
    admission: settings.admission,
    sent,
    play,
    /** `taken`, or why not; undefined while there is no answer. */
    async offer(batch: AnyBatch): Promise<string | undefined> {
      return promptly(outcome(next[batch.signal]?.consume(batch as never)))
    },
    consume: (batch: AnyBatch): Promise<void> | undefined => next[batch.signal]?.consume(batch as never),
    /** Names of the spans of each attempt, in order: `a+b`. */
    attempts: (exporter = 'e') =>
      sent.filter(one => one.exporter === exporter).map(({ batch }) => names(batch).join('+')),
    attemptsAt: () => sent.map(({ atMs, batch }) => `${atMs} ${names(batch).join('+')}`),
    /** The books of an exporter; they must balance whenever this is asked. */
    books(exporter = 'e') {
      expect(imbalances(ledger, false)).toEqual([])
      const {
        accepted,
        sent: delivered,
        held: queued,
        setAside,
        dropped,
      } = ledger.counters('exporter', exporter, 'traces')
      return { accepted, sent: delivered, held: queued, setAside, lost: Object.fromEntries(dropped) }
    },
    state: () => pipelines.deliveries()[0].state,
    /** Stops with a deadline that passes after `ms` of the clock; what failed, as text. */
    async stop(ms: number): Promise<string[]> {
      const deadline = new AbortController()
      const stopping = pipelines.stop(deadline.signal)
      const cancel = clock.after(ms, () => deadline.abort(new Error('deadline')))
      await settle()
      await clock.advance(ms)
      cancel()
      return (await stopping).map(errorMessage)
    },
  }
}
export type World = Awaited<ReturnType<typeof world>>

export const outcome = (work: Promise<void> | undefined): Promise<string> =>
  (work ?? Promise.reject(new Error('not wired'))).then(() => 'taken', errorMessage)

/** The value of a promise that is ready, else undefined. */
export async function promptly<T>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined
  void promise.then(result => {
    value = result
  })
  await settle()
  return value
}

const bytesOf = (tag: number, body: Uint8Array): Uint8Array => Uint8Array.of(tag, body.length, ...body)

/** A batch of spans with these names (of up to 100 characters), each in a request of its own: 8 bytes and the name. */
export function spans(...list: string[]): TraceBatch {
  return spansFrom({ receiver: 'r' }, ...list)
}
export function spansFrom(origin: Origin, ...list: string[]): TraceBatch {
  const slices = list.map(name => {
    const span = bytesOf(42, new TextEncoder().encode(name))
    return new Uint8Array(bytesOf(10, bytesOf(18, bytesOf(18, span))))
  })
  return new WireBatch('traces', slices, list.length, origin)
}

export function names(batch: AnyBatch): string[] {
  return batch.signal === 'traces'
    ? Array.from(batch.spans(), span => span.name)
    : [`${batch.itemCount} ${batch.signal}`]
}
