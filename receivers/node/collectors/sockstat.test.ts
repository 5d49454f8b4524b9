import { expect, test } from 'vitest'
import { pageSizeBytes } from '../../../src/host/page_size.ts'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parseSockstat, sockstat } from './sockstat.ts'

test('writes sockets by protocol, and memory in pages and bytes', async () => {
  const { samples } = await collectorOn(sockstat, recordedHost).collect()
  expect(samples).toMatchObject({
    node_sockstat_sockets_used: 229,
    node_sockstat_TCP_tw: 5,
    node_sockstat_TCP_mem: 3,
    node_sockstat_TCP_mem_bytes: 3 * pageSizeBytes(),
    node_sockstat_FRAG6_memory: 4,
  })
  expect(Object.keys(samples)).toHaveLength(20)
})

test('a host without IPv6 has what IPv4 counts, and one without both nothing', async () => {
  const host = hostCopy()
  host.remove('proc/net/sockstat6')
  expect(Object.keys((await collectorOn(sockstat, host.folder).collect()).samples)).toHaveLength(14)
  host.remove('proc/net/sockstat')
  expect(await collectorOn(sockstat, host.folder).collect()).toEqual({ ok: true, samples: {} })
})

test.each(['TCP:\n', 'TCP: inuse\n', 'TCP: inuse x\n', 'TCP: inuse 1 tw\n'])('refuses %j', text => {
  expect(() => parseSockstat(Buffer.from(text), 'sockstat')).toThrow('sockstat: TCP')
})
