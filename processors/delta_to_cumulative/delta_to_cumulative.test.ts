import { expect, test } from 'vitest'
import { BatchBuilder } from '../../src/telemetry/metrics/batch_builder.ts'
import { counter } from '../../src/telemetry/metrics/descriptor.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../src/telemetry/resource.ts'
import { FakeClock } from '../../test/support/clock.ts'
import { fakeSettings, RecordedDrops } from '../../test/support/settings.ts'
import { deltaToCumulative } from './processor.ts'

test('totals leave, what is lost is counted, stale series are forgotten', async () => {
  const clock = new FakeClock()
  const drops = new RecordedDrops()
  const settings = fakeSettings({ kind: 'processor', clock, drops })
  const config = deltaToCumulative.config.parse({ max_stale: '1m', max_streams: 1 })
  const values: number[] = []
  const metrics = {
    consume: async (batch: Iterable<{ value: number }>) => void values.push(...Array.from(batch, p => p.value)),
  }
  const it = deltaToCumulative.create(config, { metrics: metrics as never }, settings)
  const descriptor = { ...counter('c', ''), temporality: 'delta' as const }
  const send = async (name: string, value: number): Promise<void> => {
    const builder = new BatchBuilder(settings.series).at(clock.nowMs())
    const key = settings.series.keys.key(NO_RESOURCE, NO_SCOPE, { ...descriptor, name }, new Uint8Array(0))
    builder.number(builder.ref(key), value)
    await it.metrics?.(builder.finish({ receiver: 'r' }), AbortSignal.timeout(1000))
  }
  await send('a', 1)
  await clock.advance(1000)
  await send('a', 2)
  await send('b', 1)
  expect([values, drops.counts]).toEqual([[1, 3], { 'metrics/max_streams': 1 }])
  await clock.advance(61_000)
  await send('b', 5)
  expect(values).toEqual([1, 3, 5])
  await it.shutdown?.(AbortSignal.timeout(1000))
})
