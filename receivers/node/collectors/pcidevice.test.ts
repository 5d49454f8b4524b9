import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parsePciIds } from './pci_ids.ts'
import { parseLocation, parseSpeed, pcidevice } from './pcidevice.ts'

const at = (bus: string, device: string, fn: string, segment = '0000') =>
  `bus="${bus}",device="${device}",function="${fn}",segment="${segment}"`
const infoOf = (samples: Record<string, number>, bus: string) =>
  Object.keys(samples).find(key => key.startsWith(`node_pcidevice_info{bus="${bus}"`))

test('writes devices with what is above them, their links and power states', async () => {
  const { ok, samples } = await collectorOn(pcidevice, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    [`node_pcidevice_max_link_transfers_per_second{${at('00', '02', '1')}}`]: 8e9,
    [`node_pcidevice_current_link_transfers_per_second{${at('01', '00', '0')}}`]: -1,
    [`node_pcidevice_numa_node{${at('01', '00', '0')}}`]: 2,
    [`node_pcidevice_sriov_totalvfs{${at('00', '02', '1')}}`]: 7,
    [`node_pcidevice_max_link_width{${at('e0', '06', '0', '10000')}}`]: -1,
  })
  const inD3 = at('01', '00', '0').replace(/,segment.*/, ',segment="0000",state="D3hot"')
  expect(samples[`node_pcidevice_power_state{${inD3}}`]).toBe(1)
  expect(infoOf(samples, '01')).toContain(
    'parent_bus="00",parent_device="02",parent_function="1",parent_segment="0000"',
  )
  expect(infoOf(samples, 'e0')).toContain('parent_bus="*"')
})

test('gives names when told so, numbers where there are none', async () => {
  const host = hostCopy()
  host.write(
    'pci.ids',
    '# names\nc0a9  Micron\n\t540a  P3\n\t\tc0a9 5021  Plus\nC 01  Storage\n\t08  NVM\n\t\t02  NVMe\n',
  )
  const flags = { names: true, idsfile: join(host.folder, 'pci.ids') }
  const { samples } = await collectorOn(pcidevice, host.folder, flags).collect()
  expect(infoOf(samples, '01')).toMatch(
    /class_name="NVMe".*device_name="P3".*subsystem_device_name="Plus".*vendor_name="Micron"/,
  )
  expect(infoOf(samples, 'e0')).toMatch(/class_name="Unknown class \(0c0330\)".*device_name="2142"/)
})

test('a speed in another unit fails the collector', async () => {
  const host = hostCopy()
  host.write('sys/devices/pci0000:00/0000:00:02.1/max_link_speed', '8 GB/s\n')
  host.remove('sys/bus/pci/devices/10000:e0:06.0')
  expect(() => parseSpeed('8 GB/s', 'max_link_speed')).toThrow('max_link_speed: speed')
  expect(await collectorOn(pcidevice, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('locations and names', () => {
  expect(parseLocation('10000:e0:06.a')).toEqual(['10000', 'e0', '06', 'a'])
  expect(() => parseLocation('usb1')).toThrow('location')
  expect([...parsePciIds('8086  Intel\n\t1521  I350\n\t\t15d9 1521  AOC\nC 02  Net\n\t00  Ethernet\n')]).toEqual([
    ['8086', 'Intel'],
    ['8086/1521', 'I350'],
    ['8086/1521/15d9/1521', 'AOC'],
    ['C 02', 'Net'],
    ['C 0200', 'Ethernet'],
  ])
})
