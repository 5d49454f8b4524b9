import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseStat, stat } from './stat.ts'

const TOTALS = {
  node_intr_total: 88854291,
  node_context_switches_total: 18446744073709552000,
  node_forks_total: 26442,
  node_boot_time_seconds: 1418183276,
  node_procs_running: 2,
  node_procs_blocked: 1,
}

test('writes what the kernel counts for the whole host', async () => {
  expect((await collectorOn(stat, recordedHost).collect()).samples).toEqual(TOTALS)
})

test('writes softirqs by vector when asked', async () => {
  const { samples } = await collectorOn(stat, recordedHost, { softirq: true }).collect()
  expect(Object.keys(samples)).toHaveLength(16)
  expect(samples).toMatchObject({
    'node_softirqs_total{vector="hi"}': 250191,
    'node_softirqs_total{vector="block_iopoll"}': 0,
    'node_softirqs_total{vector="rcu"}': 508444,
  })
})

test('a kernel that lacks lines has zeros for them, as node_exporter does', () => {
  expect(parseStat(Buffer.from('cpu 1 2\nctxt 5\n'))).toMatchObject({ ctxt: 5, intr: 0, procs_blocked: 0 })
})

test.each([
  ['', 'stat: cpu'],
  ['ctxt\n', 'stat: ctxt'],
  ['btime soon\n', 'stat: btime: unexpected "soon"'],
  ['softirq 1 2 x\n', 'stat: softirq timer'],
])('refuses %j', (text, message) => {
  expect(() => parseStat(Buffer.from(text))).toThrow(message)
})
