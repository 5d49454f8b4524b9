import { expect, test } from 'vitest'
import { parseMountInfo } from './mounts.ts'

const line = (mountPoint: string, options = 'rw', superOptions = 'rw', optional = '') =>
  `36 35 98:0 /root ${mountPoint} ${options} ${optional}- ext4 /dev/my\\040disk ${superOptions}\n`

test('reads one mount a line, whatever optional fields it has', () => {
  const text = line('/a') + line('/b', 'rw,noatime', 'rw', 'shared:1 ') + line('/c', 'rw', 'rw', 'shared:2 master:1 ')
  expect(parseMountInfo(text).map(({ mountPoint }) => mountPoint)).toEqual(['/a', '/b', '/c'])
  expect(parseMountInfo(text)[1]).toEqual({
    major: 98,
    minor: 0,
    mountPoint: '/b',
    path: '/b',
    fsType: 'ext4',
    source: '/dev/my\\040disk',
    readOnly: false,
  })
})

test('shows a blank and a tab in labels and leaves other escapes, while the path has them all undone', () => {
  const [mount] = parseMountInfo(line('/a\\040b\\011c\\012d\\134e'))
  expect(mount.mountPoint).toBe('/a b\tc\\012d\\134e')
  expect(mount.path).toBe('/a b\tc\nd\\e')
})

test.each([
  ['ro,noatime', 'rw', true],
  ['rw', 'ro,seclabel', true],
  ['rw', 'rw,emergency_ro', true],
  ['rw,errors=remount-ro', 'rw', false],
  ['rw,emergency_ro', 'rw', false],
])('a mount with options %s over a superblock with %s is read-only: %s', (options, superOptions, expected) => {
  expect(parseMountInfo(line('/a', options, superOptions))[0].readOnly).toBe(expected)
})

test.each([
  ['36 35 98:0 / /mnt rw - ext4\n', 'mountinfo: separator'],
  ['36 35 98:0 / /mnt rw shared:1 ext4 /dev/sda rw x\n', 'mountinfo: separator'],
  ['36 35 980 / /mnt rw - ext4 /dev/sda rw\n', 'mountinfo: major:minor'],
])('refuses %j', (text, message) => {
  expect(() => parseMountInfo(text)).toThrow(message)
})
