import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { tapestats } from './tapestats.ts'

test('writes the statistics of each drive once, times in seconds', async () => {
  const { ok, samples } = await collectorOn(tapestats, recordedHost).collect()
  expect([ok, Object.keys(samples).length]).toEqual([true, 20])
  expect(samples).toMatchObject({
    'node_tape_io_now{device="st0"}': 1,
    'node_tape_read_time_seconds_total{device="st0"}': 33788355744 * 1e-9,
    'node_tape_residual_total{device="st0"}': 19,
    'node_tape_io_now{device="st12"}': 18446744073709550000,
  })
})

test('leaves out drives that are ignored', async () => {
  const { samples } = await collectorOn(tapestats, recordedHost, { ignored_devices: '^st1' }).collect()
  expect(Object.keys(samples)).toHaveLength(10)
})

test('a statistic that is no number fails the collector', async () => {
  const host = hostCopy()
  host.write('sys/class/scsi_tape/st0/stats/read_ns', 'x')
  expect(await collectorOn(tapestats, host.folder).collect()).toEqual({ ok: false, samples: {} })
})
