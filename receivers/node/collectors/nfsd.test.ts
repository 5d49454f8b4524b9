import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { nfsd } from './nfsd.ts'

test('writes what the server did, operations of version 4 by name', async () => {
  const { samples } = await collectorOn(nfsd, recordedHost).collect()
  expect(samples).toMatchObject({
    node_nfsd_reply_cache_nocache_total: 18622,
    node_nfsd_server_threads: 8,
    node_nfsd_read_ahead_cache_not_found_total: 4,
    'node_nfsd_rpc_errors_total{error="cInt"}': 12,
    'node_nfsd_requests_total{method="GetAttr",proto="2"}': 102,
    'node_nfsd_requests_total{method="Access",proto="4"}': 304,
    'node_nfsd_requests_total{method="RelLockOwner",proto="4"}': 340,
    'node_nfsd_requests_total{method="WdelegGetattr",proto="4"}': 16,
  })
  expect(samples).not.toHaveProperty(['node_nfsd_requests_total{method="Null",proto="2"}'])
})

test('a line of another length fails the collector', async () => {
  const host = hostCopy()
  host.write('proc/net/rpc/nfsd', 'rc 1 2\n')
  expect(await collectorOn(nfsd, host.folder).collect()).toEqual({ ok: false, samples: {} })
})
