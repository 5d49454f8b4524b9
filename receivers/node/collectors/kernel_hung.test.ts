import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { kernelHung } from './kernel_hung.ts'

test('writes how many tasks hung; a kernel that does not count has no data', async () => {
  expect((await collectorOn(kernelHung, recordedHost).collect()).samples).toEqual({ node_kernel_hung_tasks_total: 5 })
  const host = hostCopy()
  host.remove('proc/sys/kernel/hung_task_detect_count')
  const collector = collectorOn(kernelHung, host.folder)
  expect((await collector.collect()).samples).toEqual({})
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})
