import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { conntrack, parseConntrack } from './conntrack.ts'

test('writes the entries, their limit and the sums over all CPUs', async () => {
  expect((await collectorOn(conntrack, recordedHost).collect()).samples).toEqual({
    node_nf_conntrack_entries: 123,
    node_nf_conntrack_entries_limit: 65536,
    node_nf_conntrack_stat_found: 0x02 + 0x12 + 0x32,
    node_nf_conntrack_stat_invalid: 0x04 + 0x14 + 0x34,
    node_nf_conntrack_stat_ignore: 0x588a20 + 0x56a4ff + 0x58d4ac,
    node_nf_conntrack_stat_insert: 0x08 + 0x18 + 0x38,
    node_nf_conntrack_stat_insert_failed: 0x09 + 0x19 + 0x39,
    node_nf_conntrack_stat_drop: 0x0a + 0x1a + 0x3a,
    node_nf_conntrack_stat_early_drop: 0x0b + 0x1b + 0x3b,
    node_nf_conntrack_stat_search_restart: 0x10 + 0x20 + 0xffffffff,
  })
})

test('without the module there is no data, and no error', async () => {
  const host = hostCopy()
  host.remove('proc/sys/net/netfilter')
  const collector = collectorOn(conntrack, host.folder)
  expect((await collector.collect()).samples).toEqual({})
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})

test('a kernel that counts no restarts has 0 of them', () => {
  const line = Array.from({ length: 16 }, (_, i) => i.toString(16)).join(' ')
  expect(parseConntrack(Buffer.from(`heading\n${line}\n`))).toMatchObject({ found: 2, search_restart: 0 })
})

test.each([
  ['h\n1 2 3\n', 'net/stat/nf_conntrack: columns'],
  ['h\n1 2 x\n', 'net/stat/nf_conntrack: column 3'],
])('refuses %j', (text, message) => {
  expect(() => parseConntrack(Buffer.from(text))).toThrow(message)
})
