import { regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { untyped } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples } from '../collector.ts'

const DEFAULT_FIELDS =
  '^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$'

/** What the network protocols count. Sources: /proc/net/netstat, snmp and snmp6, the kernel's networking/snmp_counter.rst. */
export const netstat = defineCollector({
  name: 'netstat',
  defaultEnabled: true,
  flags: {
    fields: regex().default(new LazyRegex(DEFAULT_FIELDS)).describe('Fields to write, as <protocol>_<name>.'),
  },
  families: [],
  create({ fields }, { proc }) {
    const layouts = new ByteMap<Layout>()
    const names = new ByteMap<{ readonly series?: SeriesHandle }>()
    /** Its series, when it is to be written. */
    const seriesOf = (samples: Samples, protocol: string, name: string): SeriesHandle | undefined => {
      const key = `${protocol}_${name}`
      if (!fields.test(key)) return undefined
      return samples.series(family(untyped(`node_netstat_${key}`, `Statistic ${protocol}${name}.`)))
    }
    /** Two lines a protocol: `Ip: Forwarding …` and `Ip: 1 …`. */
    const writePairs = (samples: Samples, file: string) => {
      const reader = new FieldReader(file, proc.read(file))
      while (reader.nextLine()) {
        const layout = layouts.get(reader.bytes, reader.lineStart, reader.lineStop, () =>
          parseHeading(reader, (protocol, name) => seriesOf(samples, protocol, name)),
        )
        if (!reader.nextLine() || !reader.next()) throw new ParseError(file, layout.protocol, '')
        for (const column of layout.columns) {
          if (!column) {
            if (!reader.next()) throw new ParseError(file, layout.protocol, '')
          } else samples.put(column, reader.signed(layout.protocol))
        }
        if (reader.hasNext) throw new ParseError(file, layout.protocol, reader.rest)
      }
    }
    /** A line a field: `Ip6InReceives 7`. */
    const writeLines = (samples: Samples, file: string) => {
      const bytes = proc.find(file)
      if (!bytes) return
      const reader = new FieldReader(file, bytes)
      while (reader.nextLine()) {
        reader.next()
        const { series } = names.get(bytes, reader.start, reader.stop, () => {
          const [, protocol, name] = /^([^6]*6)(.*)$/.exec(reader.text) ?? []
          return protocol === undefined ? {} : { series: seriesOf(samples, protocol, name) }
        })
        if (series && reader.hasNext) samples.put(series, reader.signed(file))
      }
    }
    return {
      collect(samples) {
        writePairs(samples, 'net/netstat')
        writePairs(samples, 'net/snmp')
        writeLines(samples, 'net/snmp6')
      },
    }
  },
})

interface Layout {
  readonly protocol: string
  /** By column of the line of values; undefined for those that are left out. */
  readonly columns: readonly (SeriesHandle | undefined)[]
}

/** `Tcp: RtoAlgorithm RtoMin …`: what stands in the line below. */
function parseHeading(
  reader: FieldReader,
  seriesOf: (protocol: string, name: string) => SeriesHandle | undefined,
): Layout {
  reader.next()
  const protocol = reader.text.slice(0, -1)
  const columns: (SeriesHandle | undefined)[] = []
  while (reader.next()) columns.push(seriesOf(protocol, reader.text))
  return { protocol, columns }
}
