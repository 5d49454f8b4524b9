import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { bcachefs, parseBytes, parseCounter, parseIoDone, parseIoErrors } from './bcachefs.ts'

const id = 'deadbeef-1234-5678-9012-abcdefabcdef'
const uuid = `uuid="${id}"`

test('writes file systems with their devices, and a family for each counter', async () => {
  const { ok, samples } = await collectorOn(bcachefs, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    [`node_bcachefs_a_new_one_total{${uuid}}`]: 0,
    [`node_bcachefs_compression_compressed_bytes{algorithm="incompressible",${uuid}}`]: 1536,
    [`node_bcachefs_errors_total{error_type="checksum_error",${uuid}}`]: 10,
    [`node_bcachefs_btree_writes_total{type="initial",${uuid}}`]: 19088,
    [`node_bcachefs_device_info{device="0",label="ssd.ssd1",state="rw",${uuid}}`]: 1,
    [`node_bcachefs_device_io_done_bytes_total{data_type="user",device="0",operation="write",${uuid}}`]: 100352,
    [`node_bcachefs_device_io_errors_total{device="0",type="read",${uuid}}`]: 197346,
  })
})

test('a counter that says nothing fails the collector', async () => {
  const host = hostCopy()
  host.write(`sys/fs/bcachefs/${id}/counters/a new-one`, 'odd\n')
  expect(await collectorOn(bcachefs, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('counters are those since the file system was made', () => {
  expect(parseCounter('since mount: 4\nsince filesystem creation:  1.5k\n')).toBe(1536)
  expect(parseCounter('since mount: 4\n')).toBe(0)
})

test('sections and sizes', () => {
  expect(parseIoDone('user: 1\nread:\nuser : 2\nwrite:\nodd')).toEqual([['read', 'user', 2]])
  expect(parseIoErrors('IO errors since filesystem creation\n  read:  3\nIO errors since 8 y ago\n  read: 4')).toEqual([
    ['read', 3],
  ])
  expect(['3', '1.5M', '2 G'].map(parseBytes)).toEqual([3, 1572864, 2 * 1024 ** 3])
  expect(() => parseBytes('-')).toThrow('bcachefs: size')
})
