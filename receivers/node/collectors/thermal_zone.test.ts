import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parseTemp, thermalZone } from './thermal_zone.ts'

test('writes temperatures in degrees, 0 for a sensor that sleeps, and what cools', async () => {
  const { ok, samples } = await collectorOn(thermalZone, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toEqual({
    'node_thermal_zone_temp{type="x86_pkg_temp",zone="0"}': 48.25,
    'node_thermal_zone_temp{type="acpitz odd",zone="12"}': -27.3,
    'node_thermal_zone_temp{type="iwlwifi_1",zone="3"}': 0,
    'node_cooling_device_cur_state{name="0",type="Processor"}': 3,
    'node_cooling_device_max_state{name="0",type="Processor"}': 10,
    'node_cooling_device_cur_state{name="1",type="intel_powerclamp"}': -1,
    'node_cooling_device_max_state{name="1",type="intel_powerclamp"}': 50,
  })
})

test('a cooling device that says no number fails the collector, with the zones written', async () => {
  const host = hostCopy()
  host.write('sys/class/thermal/cooling_device0/cur_state', '?\n')
  const { ok, samples } = await collectorOn(thermalZone, host.folder).collect()
  expect([ok, Object.keys(samples).length]).toEqual([false, 3])
})

test('no zones at all is no failure', async () => {
  const host = hostCopy()
  host.remove('sys/class/thermal')
  expect(await collectorOn(thermalZone, host.folder).collect()).toEqual({ ok: true, samples: {} })
})

test.each([
  ['-27300', -27300],
  ['', 0],
  ['1e3', 0],
])('%j is %d millidegrees', (text, value) => expect(parseTemp(text)).toBe(value))
