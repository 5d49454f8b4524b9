import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { arp, parseArp } from './arp.ts'

test('counts neighbours by device, and takes and leaves devices by pattern', async () => {
  const samples = async (flags: object) => (await collectorOn(arp, recordedHost, flags).collect()).samples
  expect(await samples({})).toEqual({
    'node_arp_entries{device="eth0"}': 3,
    'node_arp_entries{device="wlan.7"}': 1,
  })
  expect(Object.keys(await samples({ device_exclude: '^eth' }))).toEqual(['node_arp_entries{device="wlan.7"}'])
  expect(Object.keys(await samples({ device_include: '^eth' }))).toEqual(['node_arp_entries{device="eth0"}'])
})

test('an entry of a tunnel has no hardware address', () => {
  expect([...parseArp('heading\n10.0.0.1 0x300 0x82 * tun0\n')]).toEqual([['tun0', 1]])
})

test('refuses a line that lacks fields', () => {
  expect(() => parseArp('heading\n10.0.0.1 eth0\n')).toThrow('net/arp: device')
})
