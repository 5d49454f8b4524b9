import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { watchdog } from './watchdog.ts'

test('writes the attributes that a watchdog has, and its words as labels', async () => {
  const { ok, samples } = await collectorOn(watchdog, recordedHost).collect()
  expect([ok, Object.keys(samples).length]).toEqual([true, 10])
  expect(samples).toMatchObject({
    'node_watchdog_timeleft_seconds{name="watchdog0"}': 287,
    'node_watchdog_pretimeout_seconds{name="watchdog0"}': 120,
    'node_watchdog_timeout_seconds{name="watchdog1"}': 31,
    'node_watchdog_info{identity="iTCO_wdt",name="watchdog1",state="inactive"}': 1,
  })
})

test('one that says no number fails the collector, and nothing is written', async () => {
  const host = hostCopy()
  host.write('sys/class/watchdog/watchdog1/timeout', 'soon\n')
  expect(await collectorOn(watchdog, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('a host without watchdogs has no data', async () => {
  const host = hostCopy()
  host.remove('sys/class/watchdog')
  const collector = collectorOn(watchdog, host.folder)
  expect((await collector.collect()).samples).toEqual({})
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})
