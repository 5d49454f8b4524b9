import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, present } from '../collector.ts'
import { parseRpc, type RpcLines, V2, V3 } from './nfs_procedures.ts'

const packets = family(
  counter('node_nfs_packets_total', 'Total NFSd network packets (sent+received) by protocol type.'),
  'protocol',
)
const connections = family(counter('node_nfs_connections_total', 'Total number of NFSd TCP connections.'))
const rpcs = family(counter('node_nfs_rpcs_total', 'Total number of RPCs performed.'))
const retransmissions = family(counter('node_nfs_rpc_retransmissions_total', 'Number of RPC transmissions performed.'))
const refreshes = family(
  counter('node_nfs_rpc_authentication_refreshes_total', 'Number of RPC authentication refreshes performed.'),
)
const requests = family(counter('node_nfs_requests_total', 'Number of NFS procedures invoked.'), 'proto', 'method')

/** Client procedures of version 4 (NFSPROC4_CLNT_* of the kernel's linux/nfs4.h), in the order of proc4. */
const V4 = `Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew SetClientID
  SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link Symlink Create Pathconf StatFs ReadLink
  ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo FsidPresent ExchangeID CreateSession
  DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo LayoutGet LayoutCommit LayoutReturn SecinfoNoName
  TestStateID FreeStateID GetDeviceList BindConnToSession DestroyClientID Seek Allocate DeAllocate LayoutStats Clone`.split(
  /\s+/,
)
/** How many values each line has; lines of procedures begin with their number. */
const LINES: RpcLines = {
  net: { count: 4 },
  rpc: { count: 3 },
  proc2: { atLeast: V2.length },
  proc3: { atLeast: V3.length },
  proc4: { atLeast: 0 },
}
const PROCEDURES = [
  ['proc2', '2', V2],
  ['proc3', '3', V3],
  ['proc4', '4', V4],
] as const

/** What the NFS client did. Source: /proc/net/rpc/nfs, nfsstat(8). */
export const nfs = defineCollector({
  name: 'nfs',
  defaultEnabled: true,
  flags: {},
  families: [packets, connections, rpcs, retransmissions, refreshes, requests],
  create(_flags, { proc }) {
    let series: SeriesHandle[] | undefined
    return {
      collect(samples) {
        const lines = parseRpc(present(proc, 'net/rpc/nfs'), 'net/rpc/nfs', LINES)
        const [, udp = 0, tcp = 0, connects = 0] = lines.get('net') ?? []
        samples.emit(packets, udp, 'udp')
        samples.emit(packets, tcp, 'tcp')
        samples.emit(connections, connects)
        const [calls = 0, retransmitted = 0, refreshed = 0] = lines.get('rpc') ?? []
        samples.emit(rpcs, calls)
        samples.emit(retransmissions, retransmitted)
        samples.emit(refreshes, refreshed)
        series ??= PROCEDURES.flatMap(([, proto, methods]) =>
          methods.map(method => samples.series(requests, proto, method)),
        )
        let at = 0
        for (const [line, , methods] of PROCEDURES) {
          const counts = lines.get(line)
          for (let i = 0; i < methods.length; i++) samples.put(series[at++], counts?.[i] ?? 0)
        }
      },
    }
  },
})
