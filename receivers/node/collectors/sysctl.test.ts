import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { sysctl } from './sysctl.ts'

const collect = (flags: object) => collectorOn(sysctl, recordedHost, flags).collect()

test('writes numbers alone, by index or by key, and texts as labels', async () => {
  const include = ['kernel.threads-max', 'fs.file-nr', 'fs.file-nr:total,current,max']
  const { samples } = await collect({ include, include_info: ['kernel.seccomp.actions_avail'] })
  expect(samples).toMatchObject({
    node_sysctl_kernel_threads_max: 7801,
    'node_sysctl_fs_file_nr{index="0"}': 1024,
    node_sysctl_fs_file_nr_current: 0,
    'node_sysctl_info{index="2",name="kernel.seccomp.actions_avail",value="trap"}': 1,
  })
})

test('by default there is nothing to write', async () => {
  expect(await collect({})).toEqual({ ok: true, samples: {} })
})

test.each([
  { include: ['kernel.none'] },
  { include: ['fs.file-nr:one,two'] },
  { include: ['kernel.threads-max:one'] },
  { include: ['kernel.seccomp.actions_avail'] },
  { include_info: ['fs.file-nr:a,b,c'] },
])('%j fails the collector', async flags => {
  expect((await collect(flags)).ok).toBe(false)
})
