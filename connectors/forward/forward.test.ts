import { expect, test } from 'vitest'
import type { Next, Settings } from '../../src/component/types.ts'
import { Ledger } from '../../src/pipeline/observe.ts'
import { type Attach, Pipelines } from '../../src/pipeline/run.ts'
import { testExporter, testReceiver } from '../../test/support/components.ts'
import { agentConfig } from '../../test/support/config.ts'
import { generatedLogs } from '../../test/support/generate.ts'
import { imbalances } from '../../test/support/ledger.ts'
import { fakeSettings } from '../../test/support/settings.ts'
import { forward } from './connector.ts'

const clock = fakeSettings().clock
const attach: Attach = ({ id }, kind, pipeline) => ({
  settings: fakeSettings({ id, kind, pipeline, clock }),
  detach() {},
})

/** Two receivers, each in a pipeline of its own, and what both forward to. */
async function wired(
  take: () => void | Promise<void>,
  reservable?: { name: string; reserve(): boolean; cancel(): void },
) {
  const ledger = new Ledger()
  const receivers: { next: Next; settings: Settings }[] = []
  const definition = testReceiver([], (next, settings) => void receivers.push({ next, settings }))
  const given = [
    { id: 'r1', definition },
    { id: 'r2', definition },
    { id: 'forward', definition: forward },
    { id: 'e', definition: testExporter({ take, over: { reservable } }) },
  ]
  await new Pipelines({ ledger, clock, attach }).apply(
    agentConfig(given, ['logs/1: r1 -> forward', 'logs/2: r2 -> forward', 'logs/out: forward -> e']),
    () => new AbortController().signal,
  )
  return { ledger, receivers }
}

test('joins what several pipelines bring', async () => {
  const { ledger, receivers } = await wired(() => {})
  for (const { next } of receivers) await next.logs?.consume(generatedLogs())
  expect(ledger.counters('exporter', 'e', 'logs').sent).toBe(2)
  expect(imbalances(ledger)).toEqual([])
})

test('refuses what is refused behind it', async () => {
  const { ledger, receivers } = await wired(() => Promise.reject(new Error('full')))
  await expect(receivers[0].next.logs?.consume(generatedLogs())).rejects.toThrow('full')
  expect(ledger.counters('receiver', 'r1', 'logs')).toMatchObject({ accepted: 0, refused: 1 })
  expect(imbalances(ledger)).toEqual([])
})

test('lets a full queue behind it refuse before data is read', async () => {
  const { receivers } = await wired(() => {}, { name: 'exporters.e.sending_queue', reserve: () => false, cancel() {} })
  expect(receivers[0].settings.admission.reserve(1)).toMatchObject({ heldBy: 'exporters.e.sending_queue' })
})
