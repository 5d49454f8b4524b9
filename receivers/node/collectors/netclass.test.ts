import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { netclass, parseNumber } from './netclass.ts'

const of = (samples: Record<string, number>, device: string) =>
  Object.fromEntries(Object.entries(samples).filter(([key]) => key.includes(`device="${device}"`)))

test('writes the attributes of each device, the speed in bytes', async () => {
  const { ok, samples } = await collectorOn(netclass, recordedHost).collect()
  expect(ok).toBe(true)
  expect(of(samples, 'eth0')).toMatchObject({
    'node_network_up{device="eth0"}': 1,
    'node_network_flags{device="eth0"}': 0x1303,
    'node_network_speed_bytes{device="eth0"}': 1_250_000_000,
    'node_network_carrier_changes_total{device="eth0"}': 29,
  })
  expect(samples['node_network_speed_bytes{device="vethf345468"}']).toBe(-125_000)
  expect(of(samples, 'bonding_masters')).toEqual({})
})

test('what a device withholds has no sample, and what is no number is 0', async () => {
  const { samples } = await collectorOn(netclass, recordedHost).collect()
  expect(samples).not.toHaveProperty(['node_network_name_assign_type{device="lo"}'])
  expect(samples['node_network_carrier{device="wlan.7"}']).toBe(0)
  expect([undefined, '', 'odd', '0x20'].map(parseNumber)).toEqual([undefined, 0, 0, 32])
})

test('leaves out ignored devices, and speeds below 0 when told so', async () => {
  const flags = { ignored_devices: '^eth', ignore_invalid_speed: true }
  const { samples } = await collectorOn(netclass, recordedHost, flags).collect()
  expect(of(samples, 'eth0')).toEqual({})
  expect(samples).not.toHaveProperty(['node_network_speed_bytes{device="vethf345468"}'])
  expect(samples).toHaveProperty(['node_network_speed_bytes{device="wlan.7"}'])
})

test('the state in the labels follows the device', async () => {
  const host = hostCopy()
  const collector = collectorOn(netclass, host.folder)
  const info = async () =>
    Object.keys((await collector.collect()).samples).filter(key => /^node_network_info.*"eth0"/.test(key))
  expect(await info()).toEqual([expect.stringContaining('adminstate="up"')])
  host.write('sys/class/net/eth0/flags', '0x1002\n')
  host.write('sys/class/net/eth0/operstate', 'down\n')
  expect(await info()).toEqual([expect.stringMatching(/adminstate="down".*operstate="down"/)])
})
