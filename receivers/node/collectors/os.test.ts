import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { os, parseOsRelease } from './os.ts'

const parse = (text: string) => parseOsRelease(text, 'os-release')

test('writes labels as a shell reads the file, the version and the end of support', async () => {
  const { samples } = await collectorOn(os, recordedHost).collect()
  expect(Object.keys(samples)).toEqual([
    'node_os_info{id="example",id_like="debian  ubuntu",image_id="web-7",image_version="33",name="Example \\"OS\\"",pretty_name="Example OS 20.4.1 LTS (Café)",variant="Server Edition",variant_id="server",version="20.4.1 LTS",version_codename="focal",version_id="20.4.1"}',
    'node_os_version{id="example",id_like="debian  ubuntu",name="Example \\"OS\\""}',
    'node_os_support_end_timestamp_seconds',
  ])
  expect(Object.values(samples)).toEqual([1, 20.4, Date.UTC(2030, 3, 23) / 1000])
})

test('takes the file of /usr/lib where /etc has none, and follows changes', async () => {
  const host = hostCopy()
  const collector = collectorOn(os, host.folder)
  host.write('root/etc/os-release', 'ID=other\n')
  expect(Object.keys((await collector.collect()).samples)).toEqual(['node_os_info{id="other"}'])
  host.remove('root/etc/os-release')
  expect((await collector.collect()).samples).toEqual({})
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})

test.each([
  ['VERSION_ID=12', 12],
  ['VERSION_ID=rolling', 0],
  ["VERSION_ID='7.' # comment", 7],
])('%s is version %d', (text, version) => {
  expect(parse(text).version).toBe(version)
})

test.each(['ID', '=x', '1D=x', 'ID="x', "ID='x", 'ID="\\x"', 'SUPPORT_END=soon', 'SUPPORT_END=2030-13-01'])(
  'refuses %s',
  text => {
    expect(() => parse(text)).toThrow('os-release: ')
  },
)
