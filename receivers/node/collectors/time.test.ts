import { afterEach, expect, test, vi } from 'vitest'
import { FakeClock } from '../../../test/support/clock.ts'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { time } from './time.ts'
import { uname } from './uname.ts'

afterEach(() => vi.unstubAllEnvs())

test('writes the time, the zone and the clock sources', async () => {
  vi.stubEnv('TZ', 'UTC')
  const { samples } = await collectorOn(time, recordedHost, {}, new FakeClock(1_750_000_000_250)).collect()
  expect(samples).toEqual({
    node_time_seconds: 1_750_000_000.25,
    'node_time_zone_offset_seconds{time_zone="UTC"}': 0,
    'node_time_clocksource_available_info{clocksource="acpi_pm",device="0"}': 1,
    'node_time_clocksource_available_info{clocksource="hpet",device="0"}': 1,
    'node_time_clocksource_available_info{clocksource="tsc",device="0"}': 1,
    'node_time_clocksource_current_info{clocksource="tsc",device="0"}': 1,
  })
})

test('fails, with the time written, when a clock source cannot be read', async () => {
  const host = hostCopy()
  host.remove('sys/devices/system/clocksource/clocksource0/current_clocksource')
  const { ok, samples } = await collectorOn(time, host.folder).collect()
  expect([ok, 'node_time_seconds' in samples]).toEqual([false, true])
})

test('works where the kernel shows no clock sources', async () => {
  const host = hostCopy()
  host.remove('sys/devices/system/clocksource')
  expect((await collectorOn(time, host.folder).collect()).ok).toBe(true)
})

test('uname has the domain name of procfs, and (none) where that is missing', async () => {
  const host = hostCopy()
  const domain = async () => Object.keys((await collectorOn(uname, host.folder).collect()).samples)[0]
  host.write('proc/sys/kernel/domainname', 'example.org\n')
  expect(await domain()).toMatch(/^node_uname_info\{domainname="example.org",machine="[^"]+",nodename=/)
  host.remove('proc/sys')
  expect(await domain()).toContain('domainname="(none)"')
})
