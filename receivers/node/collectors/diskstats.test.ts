import { expect, test } from 'vitest'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parseUdev } from './disk_info.ts'
import { diskstats, parseDiskstats } from './diskstats.ts'

const devices = (samples: Record<string, number>, name: string) =>
  Object.keys(samples).flatMap(key => (key.startsWith(`${name}{`) ? [/device="([^"]*)"/.exec(key)?.[1]] : []))

test('writes sectors as bytes, milliseconds as seconds, and counters above 2^53', async () => {
  const { samples } = await collectorOn(diskstats, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_disk_read_bytes_total{device="sda"}': 1003346126 * 512,
    'node_disk_read_time_seconds_total{device="sda"}': 18492.372,
    'node_disk_reads_completed_total{device="vda"}': 18446744073709552000,
    'node_disk_io_now{device="vda"}': 3,
    'node_disk_discarded_sectors_total{device="vda"}': 8929472,
    'node_disk_flush_requests_total{device="vda"}': 238,
  })
})

test('leaves out partitions and what a kernel does not count', async () => {
  const { samples } = await collectorOn(diskstats, recordedHost).collect()
  expect(devices(samples, 'node_disk_reads_completed_total')).toEqual(['sda', 'dm-0', 'nvme0n1', 'vda'])
  expect(devices(samples, 'node_disk_discards_completed_total')).toEqual(['nvme0n1', 'vda'])
  expect(devices(samples, 'node_disk_flush_requests_total')).toEqual(['vda'])
})

test('an include pattern takes the place of the default one', async () => {
  const { samples } = await collectorOn(diskstats, recordedHost, { device_include: '^sda' }).collect()
  expect(devices(samples, 'node_disk_io_now')).toEqual(['sda', 'sda1'])
  const all = await collectorOn(diskstats, recordedHost, { device_exclude: '' }).collect()
  expect(devices(all.samples, 'node_disk_io_now')).toHaveLength(8)
})

test('writes what the udev database says of a disk', async () => {
  const { samples } = await collectorOn(diskstats, recordedHost).collect()
  const infos = Object.keys(samples).filter(key => key.includes('info{') || key.includes('ata_'))
  expect(infos).toEqual([
    'node_disk_info{device="sda",major="8",minor="0",model="TOSHIBA_KSDB4U86",path="pci-0000:3b:00.0-sas-phy7-lun-0",revision="0102",rotational="1",serial="SN=7",wwn="0x7c72382b8de36a64"}',
    'node_disk_ata_write_cache{device="sda"}',
    'node_disk_ata_write_cache_enabled{device="sda"}',
    'node_disk_ata_rotation_rate_rpm{device="sda"}',
    'node_disk_info{device="dm-0",major="252",minor="0",rotational="0"}',
    'node_disk_filesystem_info{device="dm-0",type="ext4",usage="filesystem",uuid="5deafe0f-b1a6-4f2c-9b5e-0d2b0b1d7a11",version="1.0"}',
    'node_disk_device_mapper_info{device="dm-0",lv_name="root",name="vg0--root",uuid="LVM-wbGqQEBL9SxrW2DLntJwgg8fAv946hw3Tvjqh0v31fWgxEtD4BoHO0lROWFUY65Q",vg_name="vg0"}',
    'node_disk_info{device="nvme0n1",major="259",minor="0",model="SAMSUNG \\"EVO\\"\\\\x20970",rotational="0",serial="S680HF8N190894I"}',
    'node_disk_info{device="vda",major="254",minor="0",rotational="0"}',
  ])
  expect(samples['node_disk_ata_rotation_rate_rpm{device="sda"}']).toBe(7200)
})

test('a property may hold an equals sign, and lines of other kinds are left out', () => {
  expect([...parseUdev('S:disk\nE:A=b=c\nE:EMPTY=\nE:broken\nG:E:x=y\n')]).toEqual([
    ['A', 'b=c'],
    ['EMPTY', ''],
  ])
})

test('a device that goes between two collections is gone, one that takes its name has its own numbers', async () => {
  const host = hostCopy()
  const collector = collectorOn(diskstats, host.folder)
  await collector.collect()
  host.write('proc/diskstats', '   8      16 sda 1 0 0 0 0 0 0 0 0 0 0\n')
  const { samples } = await collector.collect()
  expect(devices(samples, 'node_disk_io_now')).toEqual(['sda'])
  expect(Object.keys(samples)).toContain('node_disk_info{device="sda",major="8",minor="16",rotational="1"}')
})

test.each([
  ['8 zero sda 1\n', 'diskstats: minor: unexpected "zero"'],
  ['8 0 sda 1 2 three\n', 'diskstats: sda column 3: unexpected "three"'],
])('refuses %j', (text, message) => {
  expect(() => parseDiskstats(Buffer.from(text), new ByteMap())).toThrow(message)
})

test('no disks at all is no failure', async () => {
  const host = hostCopy()
  host.write('proc/diskstats', '')
  expect(await collectorOn(diskstats, host.folder).collect()).toEqual({ ok: true, samples: {} })
})
