import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { powersupplyclass } from './powersupplyclass.ts'

test('writes numbers in the units of their families, and words as labels', async () => {
  const { ok, samples } = await collectorOn(powersupplyclass, recordedHost).collect()
  expect(ok).toBe(true)
  const usb = 'power_supply="ucsi-source-psy-USBC000:001"'
  expect(samples).toMatchObject({
    'node_power_supply_current_ampere{power_supply="BAT0"}': -1.523,
    'node_power_supply_temp_celsius{power_supply="BAT0"}': -5.7,
    'node_power_supply_cyclecount{power_supply="BAT0"}': 46,
    'node_power_supply_online{power_supply="AC"}': 1,
    [`node_power_supply_voltage_volt{${usb}}`]: 5,
    [`node_power_supply_info{${usb},type="USB",usb_type="C [PD] PD_PPS"}`]: 1,
  })
  expect(Object.keys(samples).find(key => /^node_power_supply_info.*BAT0/.test(key))).toContain(
    'manufacturer="M\uFFFDll"',
  )
})

test('leaves out ignored supplies', async () => {
  const { samples } = await collectorOn(powersupplyclass, recordedHost, { ignored_supplies: 'BAT|usb' }).collect()
  expect(Object.keys(samples).filter(key => key.includes('BAT0'))).toEqual([])
})

test('one that says no number fails the collector, and nothing is written', async () => {
  const host = hostCopy()
  host.write('sys/class/power_supply/AC/online', '')
  expect(await collectorOn(powersupplyclass, host.folder).collect()).toEqual({ ok: false, samples: {} })
})
