import { z } from 'zod'
import {
  type ConnectorDefinition,
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
  type ExporterDefinition,
  type ProcessorDefinition,
  type ReceiverDefinition,
} from '../../src/component/define.ts'
import type {
  AnyBatch,
  Exporter,
  Extension,
  Lifecycle,
  Next,
  Receiver,
  Settings,
  Signal,
} from '../../src/component/types.ts'

const config = z.looseObject({})
const all: Signal[] = ['traces', 'metrics', 'logs']

/** What happened, in order: `start exporter:e1`, `shutdown receiver:r1` … */
export type Journal = string[]

function journalled(journal: Journal, { kind, id }: Settings, over: Lifecycle): Lifecycle {
  return {
    async start() {
      journal.push(`start ${kind}:${id}`)
      await over.start?.()
    },
    async shutdown(deadline) {
      journal.push(`shutdown ${kind}:${id}`)
      await over.shutdown?.(deadline)
    },
  }
}

/** A receiver whose `next` the test holds. */
export function testReceiver(
  journal: Journal,
  seen: (next: Next, settings: Settings) => Partial<Receiver> | undefined,
): ReceiverDefinition {
  return defineReceiver({
    type: 'test',
    signals: all,
    stability: 'development',
    config,
    create(_, next, settings) {
      const own = seen(next, settings) ?? {}
      return { ...own, ...journalled(journal, settings, own) }
    },
  })
}

/** Hands on what `change` makes of a batch. */
export function testProcessor(
  journal: Journal,
  change: (batch: AnyBatch) => AnyBatch = batch => batch,
  over: Lifecycle = {},
): ProcessorDefinition {
  return defineProcessor({
    type: 'test',
    signals: all,
    stability: 'development',
    sharding: 'any',
    config,
    create(_, next, settings) {
      const take = (signal: Signal) => (batch: AnyBatch) => next[signal]?.consume(change(batch) as never)
      return {
        traces: take('traces'),
        metrics: take('metrics'),
        logs: take('logs'),
        ...journalled(journal, settings, over),
      }
    },
  })
}

export interface TestExporter {
  journal?: Journal
  take?: (batch: AnyBatch, id: string) => Promise<void> | void
  over?: Partial<Exporter>
  delivery?: 'push' | 'hold'
  pull?: boolean
  seen?: (settings: Settings) => void
}

/** An exporter that does what the test says with each batch. */
export function testExporter({
  journal = [],
  take = () => {},
  over = {},
  delivery = 'hold',
  pull = false,
  seen,
}: TestExporter): ExporterDefinition {
  return defineExporter({
    type: 'test',
    signals: all,
    stability: 'development',
    delivery,
    ordering: 'none',
    pull,
    config,
    create(_, settings) {
      seen?.(settings)
      const taking = (batch: AnyBatch) => take(batch, settings.id)
      return { traces: taking, metrics: taking, logs: taking, ...over, ...journalled(journal, settings, over) }
    },
  })
}

/** From one signal to the same one. */
export function testConnector(journal: Journal = []): ConnectorDefinition {
  return defineConnector({
    type: 'test',
    stability: 'development',
    converts: { traces: ['traces'], metrics: ['metrics'], logs: ['logs'] },
    config,
    create(_, next, settings) {
      const take = (signal: Signal) => (batch: AnyBatch) => next[signal]?.consume(batch as never)
      return {
        traces: take('traces'),
        metrics: take('metrics'),
        logs: take('logs'),
        ...journalled(journal, settings, {}),
      }
    },
  })
}

export const testExtension = (journal: Journal, over: Extension = {}) =>
  defineExtension({
    type: 'test',
    stability: 'development',
    config,
    create: (_, settings) => journalled(journal, settings, over),
  })
