import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { nvmesubsystem, parseState } from './nvmesubsystem.ts'

test('counts the paths of each subsystem, and writes the state of each', async () => {
  const { ok, samples } = await collectorOn(nvmesubsystem, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    'node_nvmesubsystem_paths{subsystem="nvme-subsys0"}': 4,
    'node_nvmesubsystem_paths_live{subsystem="nvme-subsys0"}': 1,
    'node_nvmesubsystem_paths{subsystem="nvme-subsys12"}': 0,
    'node_nvmesubsystem_namespace_info{device="nvme2n1",subsystem="nvme-subsys0"}': 1,
    'node_nvmesubsystem_path_state{controller="nvme3",state="deleting",subsystem="nvme-subsys0",transport="tcp"}': 1,
    'node_nvmesubsystem_path_state{controller="nvme3",state="live",subsystem="nvme-subsys0",transport="tcp"}': 0,
  })
  expect(Object.keys(samples).filter(key => key.includes('path_state'))).toHaveLength(4 * 7)
})

test('a path without a transport fails the collector', async () => {
  const host = hostCopy()
  host.remove('sys/class/nvme-subsystem/nvme-subsys0/nvme4/transport')
  expect(await collectorOn(nvmesubsystem, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('states that nobody knows are unknown', () => {
  expect(['live', 'deleting (no IO)', 'odd', ''].map(parseState)).toEqual(['live', 'deleting', 'unknown', 'unknown'])
})
