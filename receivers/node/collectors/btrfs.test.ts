import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { allocationRatio, btrfs, parseCommits } from './btrfs.ts'

const uuid = 'uuid="0abb23a9-579b-43e6-ad30-227ef47fcb9d"'

test('writes file systems, their block groups and devices', async () => {
  const { ok, samples } = await collectorOn(btrfs, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    [`node_btrfs_info{label="fixture",${uuid}}`]: 1,
    [`node_btrfs_commit_seconds_total{${uuid}}`]: 47836.09,
    [`node_btrfs_device_size_bytes{device="loop26",${uuid}}`]: 20971521 * 512,
    [`node_btrfs_allocation_ratio{block_group_type="metadata",mode="raid1",${uuid}}`]: 2,
    'node_btrfs_commits_total{uuid="7f07c59f-6136-449c-ab87-e1cf2328731b"}': 0,
  })
  expect(Object.keys(samples).filter(key => key.startsWith('node_btrfs_used_bytes'))).toHaveLength(8)
})

test('a file system that loses its devices fails the collector', async () => {
  const host = hostCopy()
  host.remove('sys/fs/btrfs/7f07c59f-6136-449c-ab87-e1cf2328731b/devices')
  expect(await collectorOn(btrfs, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test.each([
  ['single', 1],
  ['raid1c4', 4],
  ['raid5', 4 / 3],
  ['raid6', 2],
  ['odd', 0],
])('%s on four devices takes %d bytes a byte', (mode, ratio) => expect(allocationRatio(mode, 4)).toBe(ratio))

test('a line of commit_stats that is not a name and a number is an error', () => {
  expect(parseCommits('commits 3\nother 4\n').commits).toBe(3)
  expect(() => parseCommits('commits\n')).toThrow('commit_stats: line')
})
