import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parseProcessStat, processes } from './processes.ts'

const ALL = {
  node_processes_threads: 5,
  node_processes_max_threads: 7801,
  'node_processes_threads_state{thread_state="S"}': 2,
  'node_processes_threads_state{thread_state="D"}': 1,
  'node_processes_threads_state{thread_state="R"}': 1,
  'node_processes_threads_state{thread_state="I"}': 1,
  'node_processes_state{state="S"}': 1,
  'node_processes_state{state="D"}': 1,
  'node_processes_state{state="I"}': 1,
  node_processes_pids: 3,
  node_processes_max_processes: 4194304,
}

test('counts processes and threads by state, whatever their names', async () => {
  expect((await collectorOn(processes, recordedHost).collect()).samples).toEqual(ALL)
})

test('one that ends while it is read is left out', async () => {
  const host = hostCopy()
  host.remove('proc/17/stat')
  host.remove('proc/10/task/12')
  const { samples, ok } = await collectorOn(processes, host.folder).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({ node_processes_pids: 2, node_processes_threads: 4 })
  expect(samples).not.toHaveProperty(['node_processes_threads_state{thread_state="R"}'])
})

test.each(['', '1 (a) S 1 2\n'])('refuses %j', text => {
  expect(() => parseProcessStat(text)).toThrow('stat: num_threads')
})
