import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Mount } from '../../../src/host/mounts.ts'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { belowRoot, filesystem } from './filesystem.ts'

const LOCAL = { fs_types_exclude: '^(proc|sysfs|overlay|nfs4)$' }
const of = (samples: Record<string, number>, name: string) =>
  Object.entries(samples).filter(([key]) => key.startsWith(`node_filesystem_${name}{`))

test('writes space and inodes of each mount once, below the root of the host', async () => {
  const { samples } = await collectorOn(filesystem, recordedHost, LOCAL).collect()
  const { bsize, blocks, files } = statfsSync(join(recordedHost, 'root'))
  expect(samples['node_filesystem_size_bytes{device="/dev/vda",fstype="ext4",mountpoint="/"}']).toBe(blocks * bsize)
  expect(samples['node_filesystem_files{device="/dev/vda",fstype="ext4",mountpoint="/"}']).toBe(files)
  expect(of(samples, 'size_bytes')).toHaveLength(3)
  expect(of(samples, 'mount_info').map(([key]) => key)).toEqual([
    'node_filesystem_mount_info{device="/dev/vda",major="254",minor="0",mountpoint="/"}',
    'node_filesystem_mount_info{device="/dev/disk/by-label/data\\\\040disk",major="8",minor="2",mountpoint="/data disk"}',
    'node_filesystem_mount_info{device="/dev/sda3",major="8",minor="3",mountpoint="/boot"}',
  ])
})

test('a mount that cannot be asked has the error as a label and no numbers', async () => {
  const { samples, ok } = await collectorOn(filesystem, recordedHost, LOCAL).collect()
  const labels = 'device="tmpfs",device_error="no such file or directory",fstype="tmpfs",mountpoint="/gone"'
  expect(samples[`node_filesystem_device_error{${labels}}`]).toBe(1)
  expect(samples[`node_filesystem_readonly{${labels}}`]).toBe(0)
  expect(Object.keys(samples).filter(key => key.includes('/gone'))).toHaveLength(2)
  expect(ok).toBe(true)
})

test('says which mounts are read-only, by mount or by superblock', async () => {
  const { samples } = await collectorOn(filesystem, recordedHost, LOCAL).collect()
  expect(of(samples, 'readonly').map(([, value]) => value)).toEqual([0, 1, 1, 0])
})

test('an include pattern takes the place of the default one', async () => {
  const flags = { ...LOCAL, mount_points_include: '^/(boot|run/credentials)', fs_types_include: 'ext4|ramfs' }
  const { samples } = await collectorOn(filesystem, recordedHost, { ...flags, fs_types_exclude: undefined }).collect()
  expect(of(samples, 'device_error').map(([key]) => /mountpoint="([^"]*)"/.exec(key)?.[1])).toEqual([
    '/boot',
    '/run/credentials/x.service',
  ])
})

test('asks network mounts through the child process', async () => {
  const flags = { fs_types_include: '^nfs4$', mount_timeout: '20s' }
  const { samples } = await collectorOn(filesystem, recordedHost, flags).collect()
  const { bsize, blocks } = statfsSync(join(recordedHost, 'root/srv/export'))
  const labels = 'device="files.example:/export",fstype="nfs4",mountpoint="/srv/export"'
  expect(samples[`node_filesystem_size_bytes{${labels}}`]).toBe(blocks * bsize)
})

test('a collection that is given up while a mount hangs has the local mounts, and fails', async () => {
  const stop = new AbortController()
  const collecting = collectorOn(filesystem, recordedHost).collect(stop.signal)
  stop.abort(new Error('enough'))
  const { ok, samples } = await collecting
  expect([ok, of(samples, 'size_bytes').length]).toEqual([false, 3])
})

test('reads its own mounts where those of the first process are hidden', async () => {
  const host = hostCopy()
  host.remove('proc/1')
  expect((await collectorOn(filesystem, host.folder).collect()).ok).toBe(false)
  const own = hostCopy()
  own.remove('proc/1')
  const text = '24 1 254:0 / / rw - ext4 /dev/vda rw\n'
  mkdirSync(join(own.folder, 'proc/self'))
  own.write('proc/self/mountinfo', text)
  expect(of((await collectorOn(filesystem, own.folder).collect()).samples, 'size_bytes')).toHaveLength(1)
})

describe('mount points below the root of the host', () => {
  const mount = { mountPoint: '/host/a b', path: '/host/a b' } as Mount
  test.each([
    ['/', '/host/a b'],
    ['/host', '/a b'],
    ['/host/', '/a b'],
    ['/host/a b', '/'],
    ['/hos', '/host/a b'],
  ])('with rootfs %s it is %s', (rootfs, mountPoint) => {
    expect(belowRoot(mount, rootfs)).toMatchObject({ mountPoint, path: mountPoint })
  })
})
