import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hostCopy } from '../../test/support/node_host.ts'

/** Root reads what it may not; without these two capabilities it does not. */
const LIKE_A_USER = ['--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search']

const program = `
import { node } from '${join(import.meta.dirname, 'receiver.ts')}'
import { fakeSettings, nextOf } from '${join(import.meta.dirname, '../../test/support/settings.ts')}'
import { samplesOf } from '${join(import.meta.dirname, '../../test/support/samples.ts')}'
const print = async batch => console.log(JSON.stringify(samplesOf(batch)))
const receiver = node.create(node.config.parse(JSON.parse(process.argv[1])), nextOf(print), fakeSettings())
const collection = { source: 'node', sequence: 1, partial: false, complete: true }
await receiver.collect(collection, undefined, new AbortController().signal)
await receiver.shutdown()
`

/** One collection, by a process that reads only what its user may. */
function collectLikeAUser(config: object): Record<string, number> {
  const node = [process.execPath, '--input-type=module', '-e', program, JSON.stringify(config)]
  const [command, ...args] = process.getuid?.() === 0 ? ['setpriv', ...LIKE_A_USER, ...node] : node
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }))
}

test('files that may not be read fail their collectors, or leave out what they would add, and nothing else', () => {
  const { folder, write } = hostCopy()
  mkdirSync(join(folder, 'root/boot/inside'))
  write('proc/1/mountinfo', '26 24 8:3 / /boot/inside rw - ext4 /dev/sda3 rw\n')
  const closed = ['proc/meminfo', 'udev/b8:0', 'sys/block/sda/queue/rotational', 'root/boot']
  closed.push('sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count')
  for (const path of closed) chmodSync(join(folder, path), 0)
  const [procfs, sysfs, rootfs, udev_data] = ['proc', 'sys', 'root', 'udev'].map(name => join(folder, name))
  const samples = collectLikeAUser({ procfs, sysfs, rootfs, udev_data })
  chmodSync(join(folder, 'root/boot'), 0o755)
  const failed = Object.keys(samples).filter(key => key.startsWith('node_scrape_collector_success') && !samples[key])
  expect(failed).toEqual(['node_scrape_collector_success{collector="meminfo"}'])
  expect(samples).toHaveProperty(['node_disk_info{device="sda",major="8",minor="0",rotational="0"}'])
  expect(samples['node_cpu_core_throttles_total{core="0",package="0"}']).toBe(10)
  const labels = 'device="/dev/sda3",device_error="permission denied",fstype="ext4",mountpoint="/boot/inside"'
  expect(samples).toHaveProperty([`node_filesystem_device_error{${labels}}`], 1)
})
