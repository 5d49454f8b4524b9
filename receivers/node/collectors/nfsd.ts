import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, present } from '../collector.ts'
import { parseRpc, type RpcLines, V2, V3 } from './nfs_procedures.ts'

const total = (name: string, help: string, ...labels: string[]) =>
  family(counter(`node_nfsd_${name}_total`, help), ...labels)

const packets = total('packets', 'Total NFSd network packets (sent+received) by protocol type.', 'proto')
const rpcErrors = total('rpc_errors', 'Total number of NFSd RPC errors by error type.', 'error')
const requests = total('requests', 'Total number NFSd Requests by method and protocol.', 'proto', 'method')

/** Families, the lines of /proc/net/rpc/nfsd that they are of, the place in the line, and their label. */
const VALUES: readonly (readonly [Family, string, number, ...string[]])[] = [
  [total('reply_cache_hits', 'Total number of NFSd Reply Cache hits (client lost server response).'), 'rc', 0],
  [
    total('reply_cache_misses', 'Total number of NFSd Reply Cache an operation that requires caching (idempotent).'),
    ...(['rc', 1] as const),
  ],
  [
    total('reply_cache_nocache', 'Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…).'),
    ...(['rc', 2] as const),
  ],
  [total('file_handles_stale', 'Total number of NFSd stale file handles'), 'fh', 0],
  [total('disk_bytes_read', 'Total NFSd bytes read.'), 'io', 0],
  [total('disk_bytes_written', 'Total NFSd bytes written.'), 'io', 1],
  [
    family(gauge('node_nfsd_server_threads', 'Total number of NFSd kernel threads that are running.')),
    ...(['th', 0] as const),
  ],
  [
    family(gauge('node_nfsd_read_ahead_cache_size_blocks', 'How large the read ahead cache is in blocks.')),
    ...(['ra', 0] as const),
  ],
  [total('read_ahead_cache_not_found', 'Total number of NFSd read ahead cache not found.'), 'ra', 11],
  [packets, 'net', 1, 'udp'],
  [packets, 'net', 2, 'tcp'],
  [total('connections', 'Total number of NFSd TCP connections.'), 'net', 3],
  [rpcErrors, 'rpc', 2, 'fmt'],
  [rpcErrors, 'rpc', 3, 'auth'],
  [rpcErrors, 'rpc', 4, 'cInt'],
  [total('server_rpcs', 'Total number of NFSd RPCs.'), 'rpc', 0],
]

/** Operations of version 4 by their numbers (RFC 8881); the first three are not used, public and root handles not written. */
const V4_OPS =
  `- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup LookupRoot Nverify Open
  OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH SecInfo SetAttr SetClientID
  SetClientIDConfirm Verify Write RelLockOwner`.split(/\s+/)
const MIN_V4_OPS = 39

const LINES: RpcLines = {
  rc: { count: 3 },
  fh: { count: 5 },
  io: { count: 2 },
  th: { first: 2 },
  ra: { count: 12 },
  net: { count: 4 },
  rpc: { count: 5 },
  proc2: { atLeast: V2.length },
  proc3: { atLeast: V3.length },
  proc4: { count: 3 },
  proc4ops: { atLeast: MIN_V4_OPS },
  wdeleg_getattr: { first: 1 },
}
/** Null of versions 2 and 3 is not written. */
const withoutNull = (methods: readonly string[]) => methods.map(method => (method === 'Null' ? '-' : method))
const PROCEDURES: readonly (readonly [string, string, readonly string[]])[] = [
  ['proc2', '2', withoutNull(V2)],
  ['proc3', '3', withoutNull(V3)],
  ['proc4ops', '4', V4_OPS],
  ['wdeleg_getattr', '4', ['WdelegGetattr']],
]

/** What the NFS server did. Source: /proc/net/rpc/nfsd, nfsstat(8) and the kernel's fs/nfsd/stats.c. */
export const nfsd = defineCollector({
  name: 'nfsd',
  defaultEnabled: true,
  flags: {},
  families: [...new Set([...VALUES.map(([one]) => one), requests])],
  create(_flags, { proc }) {
    let series: (SeriesHandle | undefined)[] | undefined
    return {
      collect(samples) {
        const lines = parseRpc(present(proc, 'net/rpc/nfsd'), 'net/rpc/nfsd', LINES)
        for (const [one, line, place, ...labels] of VALUES) samples.emit(one, lines.get(line)?.[place] ?? 0, ...labels)
        series ??= PROCEDURES.flatMap(([, proto, methods]) =>
          methods.map(method => (method === '-' ? undefined : samples.series(requests, proto, method))),
        )
        let at = 0
        for (const [line, , methods] of PROCEDURES) {
          const counts = lines.get(line)
          for (let i = 0; i < methods.length; i++, at++) {
            const handle = series[at]
            if (handle) samples.put(handle, counts?.[i] ?? 0)
          }
        }
      },
    }
  },
})
