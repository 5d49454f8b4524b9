import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { meminfoNuma, parseNodeMeminfo, parseNumastat } from './meminfo_numa.ts'

test('writes memory of each node in bytes, and its allocations', async () => {
  const { samples } = await collectorOn(meminfoNuma, recordedHost).collect()
  const names = Object.keys(samples)
  expect(names).toContain('node_memory_numa_Active_anon{node="12"}')
  expect(names).toContain('node_memory_numa_numa_hit_total{node="0"}')
  expect(names).toHaveLength(2 * 35)
  expect(samples['node_memory_numa_Active_anon{node="12"}'] % 1024).toBe(0)
})

test.each(['Node 0 MemTotal:\n', 'Node 0 MemTotal: x kB\n', 'Node 0 MemTotal: 1 MB\n'])('refuses %j', text => {
  expect(() => parseNodeMeminfo(Buffer.from(text), '0')).toThrow('node0/meminfo: MemTotal')
})

test.each(['numa_hit\n', 'numa_hit 1 2\n'])('refuses %j', text => {
  expect(() => parseNumastat(Buffer.from(text))).toThrow('numastat: numa_hit')
})
