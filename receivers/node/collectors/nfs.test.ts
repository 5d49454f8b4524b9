import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { nfs } from './nfs.ts'
import { parseRpc } from './nfs_procedures.ts'

test('writes packets, calls and procedures of three versions', async () => {
  const { samples } = await collectorOn(nfs, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_nfs_packets_total{protocol="udp"}': 1,
    'node_nfs_packets_total{protocol="tcp"}': 18627,
    node_nfs_connections_total: 6,
    node_nfs_rpc_retransmissions_total: 2,
    'node_nfs_requests_total{method="Null",proto="2"}': 101,
    'node_nfs_requests_total{method="Commit",proto="3"}': 222,
    'node_nfs_requests_total{method="Clone",proto="4"}': 359,
  })
})

test('an old kernel has 0 for the procedures that it does not know', async () => {
  const host = hostCopy()
  host.write('proc/net/rpc/nfs', 'proc4 3 7 8 9\n')
  const { samples } = await collectorOn(nfs, host.folder).collect()
  expect(samples).toMatchObject({
    'node_nfs_requests_total{method="Write",proto="4"}': 9,
    'node_nfs_requests_total{method="Commit",proto="4"}': 0,
    node_nfs_rpcs_total: 0,
  })
})

test.each([
  ['net 1 2 3\n', 'net length'],
  ['proc2 2 1\n', 'proc2 length'],
  ['proc2 1 1\n', 'proc2 length'],
  ['odd 1\n', 'line'],
  ['net 1 2 3 x\n', 'net: unexpected "x"'],
])('refuses %j', (text, message) => {
  expect(() => parseRpc(Buffer.from(text), 'nfs', { net: { count: 4 }, proc2: { atLeast: 2 } })).toThrow(message)
})
