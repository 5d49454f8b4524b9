import os from 'node:os'
import { z } from 'zod'
import { regex } from '../../../src/config/fields.ts'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { bothSet, NameFilter } from '../name_filter.ts'
import { interfaceAddresses } from './addresses.ts'

/** Columns of proc_net_dev(5): what node_exporter calls them, and what it calls them with detailed metrics. */
const COLUMNS: readonly (readonly [string, string])[] = [
  ['receive_bytes', 'receive_bytes'],
  ['receive_packets', 'receive_packets'],
  ['receive_errs', 'receive_errors'],
  ['receive_drop', 'receive_dropped'],
  ['receive_fifo', 'receive_fifo'],
  ['receive_frame', 'receive_frame'],
  ['receive_compressed', 'receive_compressed'],
  ['receive_multicast', 'receive_multicast'],
  ['transmit_bytes', 'transmit_bytes'],
  ['transmit_packets', 'transmit_packets'],
  ['transmit_errs', 'transmit_errors'],
  ['transmit_drop', 'transmit_dropped'],
  ['transmit_fifo', 'transmit_fifo'],
  ['transmit_colls', 'transmit_colls'],
  ['transmit_carrier', 'transmit_carrier'],
  ['transmit_compressed', 'transmit_compressed'],
]
const NO_HANDLER = 'rx_nohandler'

/** Files of /sys/class/net/<device>/statistics (sysfs-class-net-statistics): every field of the kernel's rtnl_link_stats64. */
const STATISTICS =
  `rx_packets tx_packets rx_bytes tx_bytes rx_errors tx_errors rx_dropped tx_dropped multicast collisions
  rx_length_errors rx_over_errors rx_crc_errors rx_frame_errors rx_fifo_errors rx_missed_errors tx_aborted_errors
  tx_carrier_errors tx_fifo_errors tx_heartbeat_errors tx_window_errors rx_compressed tx_compressed rx_nohandler`.split(
    /\s+/,
  )

const keyOf = (file: string) => file.replace(/^rx_/, 'receive_').replace(/^tx_/, 'transmit_')

const networkFamily = (key: string, labels: readonly string[] = ['device']): Family =>
  family(counter(`node_network_${key}_total`, `Network device statistic ${key}.`), ...labels)

const addressInfo = family(
  gauge('node_network_address_info', 'node network address by device'),
  ...['device', 'address', 'netmask', 'scope'],
)

const keys = new Set([...COLUMNS.flat(), ...STATISTICS.map(keyOf)])

/** Network devices. Sources: proc_net_dev(5), /sys/class/net. The sums that the kernel makes for the former are node_exporter's. */
export const netdev = defineCollector({
  name: 'netdev',
  defaultEnabled: true,
  flags: {
    device_include: regex().optional().describe('Devices to take, and no others.'),
    device_exclude: regex().optional().describe('Devices to leave out; not together with `device_include`.'),
    address_info: z.boolean().default(false).describe('Write node_network_address_info.'),
    enable_detailed_metrics: z
      .boolean()
      .default(false)
      .describe('Write the statistics one by one, under other names, in place of the sums of /proc/net/dev.'),
    netlink: z
      .boolean()
      .default(true)
      .describe('Write what node_exporter gets by netlink (read from /sys/class/net here) beside /proc/net/dev.'),
    label_ifalias: z.boolean().default(false).describe('Give each series the alias of its device as label `ifalias`.'),
  },
  families: [...[...keys].map(key => networkFamily(key)), addressInfo],
  problems: flags => bothSet(['device_exclude', flags.device_exclude], ['device_include', flags.device_include]),
  create(flags, { proc, sys }) {
    const filter = new NameFilter(flags.device_exclude, flags.device_include)
    const labels = flags.label_ifalias ? ['device', 'ifalias'] : ['device']
    const detailed = flags.enable_detailed_metrics
    const fromProc = detailed && flags.netlink ? [] : COLUMNS.map(names => names[detailed ? 1 : 0])
    const fromSys = flags.netlink ? (detailed ? STATISTICS : [NO_HANDLER]) : []
    const families = [...fromProc, ...fromSys.map(keyOf)].map(key => networkFamily(key, labels))
    const devices = new ByteMap<NetDevice>()

    const seriesOf = (samples: Samples, device: NetDevice): SeriesHandle[] => {
      const alias = flags.label_ifalias
        ? [sys.tryRead(`class/net/${device.name}/ifalias`)?.toString('utf8').trim() ?? '']
        : []
      if (!device.series || device.alias !== alias[0]) {
        device.alias = alias[0]
        device.series = families.map(one => samples.series(one, device.name, ...alias))
      }
      return device.series
    }

    return {
      *collect(samples): Steps {
        for (const { device, values } of parseNetDev(proc.read('net/dev'), devices)) {
          if (filter.ignores(device.name)) continue
          const series = seriesOf(samples, device)
          for (let i = 0; i < fromProc.length; i++) samples.put(series[i], values[i])
          for (let i = 0; i < fromSys.length; i++) {
            const value = sys.tryNumber(`class/net/${device.name}/statistics/${fromSys[i]}`)
            if (value !== undefined) samples.put(series[fromProc.length + i], value)
          }
          yield
        }
        if (!flags.address_info) return
        for (const { device, address, prefixLength, scope } of interfaceAddresses(os.networkInterfaces()))
          if (!filter.ignores(device)) samples.emit(addressInfo, 1, device, address, prefixLength, scope)
      },
    }
  },
})

interface NetDevice {
  readonly name: string
  alias?: string
  series?: SeriesHandle[]
}

/** `eth0: 1094179520 56011 …` below two lines of headings, one line a device: the values of COLUMNS. Throws ParseError. */
export function parseNetDev(bytes: Buffer, devices: ByteMap<NetDevice>): { device: NetDevice; values: Float64Array }[] {
  const reader = new FieldReader('net/dev', bytes)
  if (!reader.nextLine() || !reader.nextLine()) throw new ParseError('net/dev', 'headings', '')
  const rows: { device: NetDevice; values: Float64Array }[] = []
  while (reader.nextLine()) {
    if (!reader.next(COLON) || bytes[reader.stop] !== COLON) throw new ParseError('net/dev', 'device', reader.text)
    const device = devices.get(bytes, reader.start, reader.stop, () => ({ name: reader.text }))
    rows.push({ device, values: Float64Array.from(COLUMNS, ([column]) => reader.number(`${device.name} ${column}`)) })
  }
  return rows
}
const COLON = 58
