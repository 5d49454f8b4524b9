import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { tcpstat } from './tcpstat.ts'

test('counts connections by state, and what waits in them, of both protocols', async () => {
  expect((await collectorOn(tcpstat, recordedHost).collect()).samples).toEqual({
    'node_tcp_connection_states{state="listen"}': 2,
    'node_tcp_connection_states{state="established"}': 1,
    'node_tcp_connection_states{state="time_wait"}': 1,
    'node_tcp_connection_states{state="tx_queued_bytes"}': 0x18,
    'node_tcp_connection_states{state="rx_queued_bytes"}': 7,
  })
})

test('a host without IPv6 has what IPv4 counts, one without both fails', async () => {
  const host = hostCopy()
  host.remove('proc/net/tcp6')
  const collector = collectorOn(tcpstat, host.folder)
  expect((await collector.collect()).samples['node_tcp_connection_states{state="listen"}']).toBe(1)
  host.remove('proc/net/tcp')
  expect((await collector.collect()).ok).toBe(false)
})
