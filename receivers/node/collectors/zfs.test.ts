import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parsePoolIo, zfs } from './zfs.ts'

test('writes the statistics of the module, of pools and of data sets', async () => {
  const { samples, ok } = await collectorOn(zfs, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    node_zfs_arc_hits: 18446744073709552000,
    node_zfs_arc_memory_available_bytes: -922337036854775800,
    'node_zfs_zpool_nread{zpool="pool1"}': 5000,
    'node_zfs_zpool_state{state="online",zpool="pool1"}': 1,
    'node_zfs_zpool_state{state="online",zpool="poolz1"}': 0,
    'node_zfs_zpool_state{state="degraded",zpool="poolz1"}': 1,
    'node_zfs_zpool_dataset_writes{dataset="pool1/data/home dir",zpool="pool1"}': expect.any(Number),
  })
})

test('texts are left out', async () => {
  const { samples } = await collectorOn(zfs, recordedHost).collect()
  expect(Object.keys(samples).filter(name => name.includes('zio_text'))).toEqual([])
})

test('without ZFS there is no data', async () => {
  const host = hostCopy()
  host.remove('proc/spl')
  const collector = collectorOn(zfs, host.folder)
  await collector.collect()
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})

test.each(['', 'no heading\n', '1 2\nname type data\nhits 4 x\n'])('%j fails the collector', async text => {
  const host = hostCopy()
  host.write('proc/spl/kstat/zfs/zil', text)
  expect((await collectorOn(zfs, host.folder).collect()).ok).toBe(false)
})

test('refuses a pool with a column that is no number', () => {
  const heading = 'nread nwritten reads writes wtime wlentime wupdate rtime rlentime rupdate wcnt rcnt'
  expect(() => parsePoolIo(Buffer.from(`1 2\n${heading}\n1 x\n`))).toThrow('io: nwritten')
})
