import { z } from 'zod'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, type Steps } from '../collector.ts'

/** Columns of the sums in net/ip_vs_stats, in its order. */
const SUMS = [
  family(counter('node_ipvs_connections_total', 'The total number of connections made.')),
  family(counter('node_ipvs_incoming_packets_total', 'The total number of incoming packets.')),
  family(counter('node_ipvs_outgoing_packets_total', 'The total number of outgoing packets.')),
  family(counter('node_ipvs_incoming_bytes_total', 'The total amount of incoming data.')),
  family(counter('node_ipvs_outgoing_bytes_total', 'The total amount of outgoing data.')),
]
const LABELS = ['local_address', 'local_port', 'remote_address', 'remote_port', 'proto', 'local_mark'] as const
type Label = (typeof LABELS)[number]

const active = gauge(
  'node_ipvs_backend_connections_active',
  'The current active connections by local and remote address.',
)
const inactive = gauge(
  'node_ipvs_backend_connections_inactive',
  'The current inactive connections by local and remote address.',
)
const weight = gauge('node_ipvs_backend_weight', 'The current backend weight by local and remote address.')

/** Backends that are summed up between two pauses. */
const STEP_BACKENDS = 200

/** Virtual servers of IPVS. Sources: /proc/net/ip_vs_stats and ip_vs, the kernel's net/netfilter/ipvs/ip_vs_ctl.c. */
export const ipvs = defineCollector({
  name: 'ipvs',
  defaultEnabled: true,
  flags: {
    backend_labels: z
      .string()
      .default(LABELS.join(','))
      .describe('Labels of the series of backends, apart by commas; backends that share all of them are summed up.'),
  },
  families: [...SUMS, ...[active, inactive, weight].map(one => family(one, ...LABELS))],
  problems: flags => {
    const unknown = words(flags.backend_labels).filter(label => !(LABELS as readonly string[]).includes(label))
    return unknown.length === 0 ? [] : [{ flag: 'backend_labels', message: `unknown labels: ${unknown.join(', ')}` }]
  },
  create(flags, { proc }) {
    const chosen = words(flags.backend_labels)
    const labels = LABELS.filter(label => chosen.includes(label))
    const families = [active, inactive, weight].map(one => family(one, ...labels))
    return {
      *collect(samples): Steps {
        if (!proc.exists('net/ip_vs_stats')) throw new NoData('the kernel has no IPVS')
        parseIpvsStats(proc.read('net/ip_vs_stats')).forEach((value, i) => void samples.emit(SUMS[i], value))
        const sums = new Map<string, { values: string[]; counts: number[] }>()
        let count = 0
        for (const backend of parseIpvs(yield* proc.readInSteps('net/ip_vs'))) {
          const values = labels.map(label => backend.labels[label])
          const key = values.join('-')
          const sum = sums.get(key) ?? { values, counts: [0, 0, 0] }
          sums.set(key, { values, counts: sum.counts.map((value, i) => value + backend.counts[i]) })
          if (++count % STEP_BACKENDS === 0) yield
        }
        for (const { values, counts } of sums.values())
          families.forEach((one, i) => void samples.emit(one, counts[i], ...values))
      },
    }
  },
})

function words(list: string): string[] {
  return list.split(',').filter(word => word !== '')
}

/** Two lines of headings, then five hexadecimal sums; what follows are rates. Throws ParseError. */
export function parseIpvsStats(bytes: Buffer): number[] {
  const reader = new FieldReader('net/ip_vs_stats', bytes)
  if (!reader.nextLine() || !reader.nextLine() || !reader.nextLine())
    throw new ParseError('net/ip_vs_stats', 'sums', '')
  const sums = SUMS.map(({ descriptor }) => reader.hex(descriptor.name))
  if (reader.hasNext) throw new ParseError('net/ip_vs_stats', 'sums', reader.rest)
  return sums
}

export interface IpvsBackend {
  readonly labels: Readonly<Record<Label, string>>
  /** Active and inactive connections, weight. */
  readonly counts: readonly number[]
}

/**
 * `TCP  C0A80016:0CEA wlc` begins a virtual server, `  -> C0A85216:0CEA Tunnel 100 248 2` is one of its backends. Servers by
 * firewall mark (FWM) have a mark in place of an address. Throws ParseError.
 */
export function* parseIpvs(bytes: Buffer): Generator<IpvsBackend> {
  const server = { local_address: '', local_port: '0', proto: '', local_mark: '' }
  const number = (text: string, field: string) => {
    if (!/^\d+$/.test(text)) throw new ParseError('net/ip_vs', field, text)
    return Number(text)
  }
  for (const line of bytes.toString('latin1').split('\n')) {
    const [kind, first, , weightText, activeText, inactiveText] = line.trim().split(/\s+/)
    if (kind === 'TCP' || kind === 'UDP') {
      const { address, port } = parseAddress(first ?? '')
      Object.assign(server, { local_address: address, local_port: port, proto: kind, local_mark: '' })
    } else if (kind === 'FWM') {
      Object.assign(server, { local_address: '', local_port: '0', proto: kind, local_mark: first ?? '' })
    } else if (kind === '->' && first !== 'RemoteAddress:Port' && inactiveText !== undefined) {
      const { address, port } = parseAddress(first)
      const counts = [number(activeText, 'ActiveConn'), number(inactiveText, 'InActConn'), number(weightText, 'Weight')]
      yield { labels: { ...server, remote_address: address, remote_port: port }, counts }
    }
  }
}

/** `C0A80016:0CEA` or `[2620:0000:…:0001]:0050`, the port hexadecimal. */
function parseAddress(text: string): { address: string; port: string } {
  const [, four, six, port] = /^(?:([0-9A-Fa-f]{8})|\[([0-9A-Fa-f:]{39})\]):([0-9A-Fa-f]{4})$/.exec(text) ?? []
  if (port === undefined) throw new ParseError('net/ip_vs', 'address', text)
  const address = four ? [...Buffer.from(four, 'hex')].join('.') : shortIpv6(six)
  return { address, port: String(Number.parseInt(port, 16)) }
}

/** As RFC 5952 writes it; an IPv4 address that is mapped to IPv6 as the former. */
function shortIpv6(full: string): string {
  const groups = full.split(':').map(group => Number.parseInt(group, 16))
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff)
    return groups
      .slice(6)
      .flatMap(group => [group >> 8, group & 0xff])
      .join('.')
  return new URL(`http://[${full}]`).hostname.slice(1, -1)
}
