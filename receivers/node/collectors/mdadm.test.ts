import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { mdadm, parseMdstat } from './mdadm.ts'

const arrays = (text: string) => parseMdstat(`Personalities : [raid1]\n${text}\n\nunused devices: <none>\n`)

test('writes disks, blocks and state of each array, and what sysfs knows', async () => {
  const { samples, ok } = await collectorOn(mdadm, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    'node_md_disks{device="md6",state="failed"}': 2,
    'node_md_disks{device="md6",state="active"}': 1,
    'node_md_disks{device="md8",state="spare"}': 2,
    'node_md_disks_required{device="md101"}': 3,
    'node_md_state{device="md4",state="inactive"}': 1,
    'node_md_state{device="md6",state="recovering"}': 1,
    'node_md_state{device="md6",state="active"}': 0,
    'node_md_state{device="md201",state="check"}': 1,
    'node_md_state{device="md9",state="resync"}': 1,
    'node_md_blocks{device="md6"}': 195310144,
    'node_md_blocks_synced{device="md6"}': 16775552,
    'node_md_blocks_synced{device="md9"}': 0,
    'node_md_blocks_synced{device="md7"}': 7813735424,
    'node_md_raid_disks{device="md4"}': 4,
    'node_md_degraded{device="md6"}': 5,
    'node_md_degraded{device="md1"}': 0,
  })
  expect(samples).not.toHaveProperty(['node_md_raid_disks{device="md_odd"}'])
})

test('without software RAID there is no data', async () => {
  const host = hostCopy()
  host.remove('proc/mdstat')
  expect((await collectorOn(mdadm, host.folder).collect()).samples).toEqual({})
})

test.each([
  ['md0 :\n      8 blocks\n', 'mdstat: md0'],
  ['md0 : active raid1 sda[0]\n      blocks [1/1] [U]\n', 'md0 blocks'],
  ['md0 : active raid1 sda[0]\n      8 blocks [1/1\n', 'md0 disks'],
  ['md0 : active raid1 sda[0]\n      8 blocks [1/1] [U]\n      recovery = 1%\n', 'md0 action'],
])('refuses %j', (text, message) => {
  expect(() => arrays(text)).toThrow(message)
})
