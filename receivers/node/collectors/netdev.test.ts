import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { interfaceAddresses } from './addresses.ts'
import { netdev } from './netdev.ts'

const of = (samples: Record<string, number>, device: string) =>
  Object.fromEntries(
    Object.entries(samples)
      .filter(([key]) => key.includes(`device="${device}"`))
      .map(([key, value]) => [key.replace(/^node_network_(.*)\{.*/, '$1'), value]),
  )
const ETH0 = {
  receive_bytes_total: 68210035552,
  receive_packets_total: 520993275,
  receive_errs_total: 1,
  receive_drop_total: 2,
  receive_fifo_total: 3,
  receive_frame_total: 4,
  receive_compressed_total: 5,
  receive_multicast_total: 6,
  transmit_bytes_total: 9315587528,
  transmit_packets_total: 43451486,
  transmit_errs_total: 7,
  transmit_drop_total: 8,
  transmit_fifo_total: 9,
  transmit_colls_total: 10,
  transmit_carrier_total: 11,
  transmit_compressed_total: 12,
}

test('writes the columns of /proc/net/dev and nohandler', async () => {
  const { samples } = await collectorOn(netdev, recordedHost).collect()
  expect(of(samples, 'eth0')).toEqual({ ...ETH0, receive_nohandler_total: 1 })
  expect(of(samples, 'wlan.7')).toMatchObject({ receive_bytes_total: 2 ** 53, transmit_bytes_total: 2 ** 64 })
  expect(Object.keys(samples)).toHaveLength(4 * 17)
})

test('without netlink there is no nohandler, and detailed metrics have other names', async () => {
  expect(of((await collectorOn(netdev, recordedHost, { netlink: false }).collect()).samples, 'eth0')).toEqual(ETH0)
  const flags = { netlink: false, enable_detailed_metrics: true }
  const detailed = of((await collectorOn(netdev, recordedHost, flags).collect()).samples, 'eth0')
  expect(detailed).toMatchObject({ receive_errors_total: 1, receive_dropped_total: 2, transmit_dropped_total: 8 })
  expect(detailed).not.toHaveProperty('receive_errs_total')
})

test('detailed metrics are what sysfs has for the device; a device that sysfs lacks has none', async () => {
  const host = hostCopy()
  host.write('sys/class/net/eth0/statistics/rx_missed_errors', '17\n')
  host.remove('sys/class/net/wlan.7')
  const { samples, ok } = await collectorOn(netdev, host.folder, { enable_detailed_metrics: true }).collect()
  expect(of(samples, 'eth0')).toEqual({ receive_missed_errors_total: 17, receive_nohandler_total: 1 })
  expect([of(samples, 'wlan.7'), ok]).toEqual([{}, true])
})

test('takes and leaves devices by pattern', async () => {
  const names = async (flags: object) => {
    const { samples } = await collectorOn(netdev, recordedHost, flags).collect()
    return [...new Set(Object.keys(samples).map(key => /device="([^"]*)"/.exec(key)?.[1]))]
  }
  expect(await names({ device_exclude: '^(veth|lo)' })).toEqual(['eth0', 'wlan.7'])
  expect(await names({ device_include: '^eth' })).toEqual(['eth0'])
})

test('labels series with the alias of the device, and follows it when it changes', async () => {
  const host = hostCopy()
  const collector = collectorOn(netdev, host.folder, { label_ifalias: true, device_include: 'eth0|lo' })
  const first = (await collector.collect()).samples
  expect(first['node_network_receive_bytes_total{device="eth0",ifalias="uplink \\"A\\""}']).toBe(68210035552)
  expect(first['node_network_receive_bytes_total{device="lo"}']).toBe(435303)
  host.write('sys/class/net/eth0/ifalias', 'B\n')
  const second = (await collector.collect()).samples
  expect(second['node_network_receive_bytes_total{device="eth0",ifalias="B"}']).toBe(68210035552)
})

test.each(['', 'one heading\n', 'a\nb\n  eth0 1 2\n', 'a\nb\n  eth0: 1 2 3\n', 'a\nb\n : 1\n'])(
  '%j fails the collector',
  async text => {
    const host = hostCopy()
    host.write('proc/net/dev', text)
    expect(await collectorOn(netdev, host.folder).collect()).toEqual({ ok: false, samples: {} })
  },
)

test('tells scopes of addresses apart as Go does', () => {
  const entry = (address: string, family: 'IPv4' | 'IPv6', bits: number) => ({
    ...{ address, family, cidr: `${address}/${bits}`, netmask: '', mac: '', internal: false },
    ...(family === 'IPv6' ? { scopeid: 0 } : {}),
  })
  const list = interfaceAddresses({
    lo: [entry('127.0.0.1', 'IPv4', 8), entry('::1', 'IPv6', 128)] as never,
    'eth0:1': [entry('10.1.2.3', 'IPv4', 24), entry('169.254.1.1', 'IPv4', 16)] as never,
    eth0: [entry('fe80::1', 'IPv6', 64), entry('2001:db8::1', 'IPv6', 64), entry('ff05::2', 'IPv6', 128)] as never,
  })
  expect(
    list.map(({ device, address, prefixLength, scope }) => `${device} ${address}/${prefixLength} ${scope}`),
  ).toEqual([
    'lo 127.0.0.1/8 link-local',
    'lo ::1/128 link-local',
    'eth0 10.1.2.3/24 global',
    'eth0 169.254.1.1/16 link-local',
    'eth0 fe80::1/64 link-local',
    'eth0 2001:db8::1/64 global',
    'eth0 ff05::2/128 ',
  ])
})
