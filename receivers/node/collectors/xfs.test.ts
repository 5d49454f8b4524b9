import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parseXfs, xfs } from './xfs.ts'

test('writes 39 counters of each file system', async () => {
  const { samples } = await collectorOn(xfs, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_xfs_extent_allocation_extents_allocated_total{device="dm-9"}': 4294967295,
    'node_xfs_block_mapping_extent_list_compares_total{device="sda1"}': 5,
    'node_xfs_read_calls_total{device="sda1"}': 94045,
    'node_xfs_write_calls_total{device="sda1"}': 107739,
    'node_xfs_vnode_remove_total{device="sda1"}': 92452,
  })
  expect(Object.keys(samples)).toHaveLength(2 * 39)
})

test('a host without XFS has nothing to write, and no error', async () => {
  const host = hostCopy()
  host.remove('sys/fs/xfs')
  expect(await collectorOn(xfs, host.folder).collect()).toEqual({ ok: true, samples: {} })
})

test.each([
  ['rw 1\n', 'rw read_calls'],
  ['rw 1 2 3\n', 'rw: unexpected "3"'],
  ['abt 1 2 3 x\n', 'abt records_deleted'],
])('refuses %j', (text, message) => {
  expect(() => parseXfs(Buffer.from(text))).toThrow(message)
})
