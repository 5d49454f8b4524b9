import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { netstat } from './netstat.ts'

test('writes the fields that dashboards use, counters above 2^53 too', async () => {
  const { samples } = await collectorOn(netstat, recordedHost).collect()
  expect(samples).toMatchObject({
    node_netstat_TcpExt_SyncookiesSent: 20013,
    node_netstat_IpExt_InOctets: 18446744073709552000,
    node_netstat_Ip_Forwarding: 50013,
    node_netstat_Ip6_InOctets: expect.any(Number),
  })
  expect(samples).not.toHaveProperty('node_netstat_TcpExt_EmbryonicRsts')
})

test('writes the fields that the pattern lets through', async () => {
  const { samples } = await collectorOn(netstat, recordedHost, { fields: '^(Tcp_MaxConn|TcpExt_TW)$' }).collect()
  expect(samples).toEqual({ node_netstat_Tcp_MaxConn: -1, node_netstat_TcpExt_TW: expect.any(Number) })
})

test('a host without IPv6 has what the others count', async () => {
  const host = hostCopy()
  host.remove('proc/net/snmp6')
  const { ok, samples } = await collectorOn(netstat, host.folder).collect()
  expect([ok, 'node_netstat_Ip6_InOctets' in samples]).toEqual([true, false])
})

test('follows a heading that changes between two collections', async () => {
  const host = hostCopy()
  host.write('proc/net/netstat', 'IpExt: InOctets OutOctets\nIpExt: 1 2\n')
  const collector = collectorOn(netstat, host.folder, { fields: 'IpExt_OutOctets' })
  expect((await collector.collect()).samples).toEqual({ node_netstat_IpExt_OutOctets: 2 })
  host.write('proc/net/netstat', 'IpExt: OutOctets New\nIpExt: 3 4\n')
  expect((await collector.collect()).samples).toEqual({ node_netstat_IpExt_OutOctets: 3 })
})

test.each(['Tcp: A B\nTcp: 1\n', 'Tcp: A\nTcp: 1 2\n', 'Tcp: A\n', 'Tcp: InErrs\nTcp: x\n'])(
  '%j fails the collector',
  async text => {
    const host = hostCopy()
    host.write('proc/net/snmp', text)
    expect((await collectorOn(netstat, host.folder).collect()).ok).toBe(false)
  },
)
