import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { dmi } from './dmi.ts'

test('writes what the firmware says, cut to 128 bytes and made UTF-8', async () => {
  const { samples } = await collectorOn(dmi, recordedHost).collect()
  const [key] = Object.keys(samples)
  expect(Object.values(samples)).toEqual([1])
  expect(key).toContain('system_vendor="Mill Systems"')
  expect(key).toContain('chassis_asset_tag="rack 7, \\"top\\""')
  expect(key).toContain('product_family="Power\uFFFD(Edge"')
  expect(key).toContain(`product_version="${'v'.repeat(128)}"`)
  expect(key).not.toMatch(/chassis_type|board_asset_tag|modalias/)
})

test('a host without it has no data', async () => {
  const host = hostCopy()
  host.remove('sys/class/dmi')
  const collector = collectorOn(dmi, host.folder)
  expect((await collector.collect()).samples).toEqual({})
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})
