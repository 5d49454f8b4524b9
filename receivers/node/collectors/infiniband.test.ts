import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { infiniband, parseRate, parseState } from './infiniband.ts'

test('writes ports with the counters that they have, octets in place of words', async () => {
  const { ok, samples } = await collectorOn(infiniband, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    'node_infiniband_port_data_transmitted_bytes_total{device="mlx5_0",port="1"}': 4602424017203150000 * 4,
    'node_infiniband_lifespan_seconds{device="mlx5_0",port="2"}': 12,
    'node_infiniband_symbol_error_total{device="mlx5_0",port="2"}': 2 ** 64,
    'node_infiniband_state_id{device="mlx5_0",port="2"}': 1,
    'node_infiniband_info{device="i40iw0",firmware_version="0.2"}': 1,
  })
  expect(samples).not.toHaveProperty(['node_infiniband_port_transmit_wait_total{device="mlx5_0",port="2"}'])
})

test('takes the devices of the flags', async () => {
  const { samples } = await collectorOn(infiniband, recordedHost, { device_exclude: 'mlx' }).collect()
  expect(Object.keys(samples)).toHaveLength(4)
})

test('a port without a state fails the collector', async () => {
  const host = hostCopy()
  host.write('sys/class/infiniband/i40iw0/ports/1/state', 'ACTIVE\n')
  expect(await collectorOn(infiniband, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('states and rates', () => {
  expect([parseState('4: ACTIVE', ''), parseRate('2.5 Gb/sec (1X SDR)', ''), parseRate('40 Gb/sec', '')]).toEqual([
    4, 312_500_000, 5_000_000_000,
  ])
  expect(() => parseRate('fast', 'rate')).toThrow('rate: rate')
  expect(() => parseState('4: A: B', 'state')).toThrow('state: state')
})
