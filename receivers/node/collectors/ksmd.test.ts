import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { ksmd } from './ksmd.ts'

test('writes the files of ksm, milliseconds as seconds', async () => {
  const { samples } = await collectorOn(ksmd, recordedHost).collect()
  expect(samples).toMatchObject({ node_ksmd_full_scans_total: 13, node_ksmd_run: 34, node_ksmd_sleep_seconds: 0.037 })
  expect(Object.keys(samples)).toHaveLength(9)
})

test('a file that is not there fails the collector', async () => {
  const host = hostCopy()
  host.remove('sys/kernel/mm/ksm/run')
  expect((await collectorOn(ksmd, host.folder).collect()).ok).toBe(false)
})
