import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { cgroups, parseCgroups } from './cgroups.ts'

test('writes the number of groups of each controller, and whether it is enabled', async () => {
  expect((await collectorOn(cgroups, recordedHost).collect()).samples).toMatchObject({
    'node_cgroups_cgroups{subsys_name="cpuset"}': 47,
    'node_cgroups_enabled{subsys_name="perf_event"}': 0,
    'node_cgroups_enabled{subsys_name="net.cls"}': 2,
  })
})

test.each(['cpu 1 2\n', 'cpu x 1 1\n'])('refuses %j', text => {
  expect(() => parseCgroups(text)).toThrow('cgroups: columns')
})
