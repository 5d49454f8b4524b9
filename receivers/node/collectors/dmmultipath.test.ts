import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { dmmultipath, isActive } from './dmmultipath.ts'

test('writes devices of multipath, and the states of their paths', async () => {
  const { ok, samples } = await collectorOn(dmmultipath, recordedHost).collect()
  expect(ok).toBe(true)
  const a = 'device="mpatha",sysfs_name="dm-5"'
  expect(samples).toMatchObject({
    [`node_dmmultipath_device_size_bytes{${a}}`]: 104857600 * 512,
    [`node_dmmultipath_device_paths{${a}}`]: 3,
    [`node_dmmultipath_device_paths_failed{${a}}`]: 2,
    'node_dmmultipath_device_active{device="odd name",sysfs_name="dm-6"}': 0,
    'node_dmmultipath_path_state{device="odd name",path="nvme7n1",state="live"}': 1,
    'node_dmmultipath_device_paths{device="mpathz",sysfs_name="dm-7"}': 0,
  })
  expect(Object.keys(samples).filter(key => key.includes('dm-0'))).toEqual([])
})

test('a path whose device is gone fails the collector', async () => {
  const host = hostCopy()
  host.remove('sys/block/sdj')
  expect(await collectorOn(dmmultipath, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('running and live are active', () => {
  expect(['running', 'live', 'offline', ''].map(isActive)).toEqual([true, true, false, false])
})
