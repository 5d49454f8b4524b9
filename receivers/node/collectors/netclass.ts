import { z } from 'zod'
import { regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { parseInteger, tryAttribute, WITHHELD } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'
import { listClass } from '../sysfs_class.ts'

const up = family(gauge('node_network_up', "Value is 1 if operstate is 'up', 0 otherwise."), 'device')
const info = family(
  gauge('node_network_info', 'Non-numeric data from /sys/class/net/<iface>, value is always 1.'),
  ...['device', 'address', 'broadcast', 'duplex', 'operstate', 'adminstate', 'ifalias'],
)
const INFO_FILES = ['address', 'broadcast', 'duplex', 'operstate', 'ifalias'] as const

const property = (name: string, type = gauge) =>
  family(type(`node_network_${name}`, `Network device property: ${name}`), 'device')

/** File → family. */
const NUMBERS: readonly (readonly [string, Family])[] = [
  ['addr_assign_type', property('address_assign_type')],
  ['carrier', property('carrier')],
  ['carrier_changes', property('carrier_changes_total', counter)],
  ['carrier_up_count', property('carrier_up_changes_total', counter)],
  ['carrier_down_count', property('carrier_down_changes_total', counter)],
  ['dev_id', property('device_id')],
  ['dormant', property('dormant')],
  ['flags', property('flags')],
  ['ifindex', property('iface_id')],
  ['iflink', property('iface_link')],
  ['link_mode', property('iface_link_mode')],
  ['mtu', property('mtu_bytes')],
  ['name_assign_type', property('name_assign_type')],
  ['netdev_group', property('net_dev_group')],
  ['speed', property('speed_bytes')],
  ['tx_queue_len', property('transmit_queue_length')],
  ['type', property('protocol_type')],
]
const FLAGS = NUMBERS.findIndex(([file]) => file === 'flags')
const SPEED = NUMBERS.findIndex(([file]) => file === 'speed')
/** IFF_UP of netdevice(7). */
const IFF_UP = 1
const BYTES_PER_MEGABIT = 125_000

const FOLDER = 'class/net'

/** Network devices. Source: sysfs-class-net of the kernel's ABI documentation. */
export const netclass = defineCollector({
  name: 'netclass',
  defaultEnabled: true,
  flags: {
    ignored_devices: regex().default(new LazyRegex('^$')).describe('Devices to leave out.'),
    ignore_invalid_speed: z
      .boolean()
      .default(false)
      .describe('Leave out speeds below 0, which stand for an unknown one.'),
  },
  families: [up, info, ...NUMBERS.map(([, one]) => one)],
  create({ ignored_devices: ignored, ignore_invalid_speed: ignoreSpeed }, { sys }) {
    const filter = new NameFilter(ignored, undefined, '^$')
    let known = new Map<string, DeviceSeries>()
    return {
      *collect(samples): Steps {
        const devices: Device[] = []
        for (const name of listClass(sys, FOLDER)) {
          // bonding_masters is a file between the folders
          if (name === 'bonding_masters' || filter.ignores(name)) continue
          devices.push(readDevice(sys, name))
          yield
        }
        const next = new Map<string, DeviceSeries>()
        for (const device of devices) {
          const speed = device.numbers[SPEED]
          if (speed !== undefined && speed < 0 && ignoreSpeed) device.numbers[SPEED] = undefined
          const series = known.get(device.name) ?? newSeries(samples, device.name)
          next.set(device.name, series)
          write(samples, device, series)
          yield
        }
        known = next
      },
    }
  },
})

interface Device {
  readonly name: string
  readonly texts: readonly string[]
  /** By the order of NUMBERS; bits of no device are missing, bytes a second in place of the speed. */
  readonly numbers: (number | undefined)[]
}
interface DeviceSeries {
  readonly up: SeriesHandle
  readonly numbers: readonly SeriesHandle[]
  texts: string
  info?: SeriesHandle
}

function readDevice(sys: HostRoot, name: string): Device {
  const read = (file: string) => tryAttribute(sys, `${FOLDER}/${name}/${file}`, WITHHELD)
  const numbers = NUMBERS.map(([file]) => parseNumber(read(file)))
  const megabits = numbers[SPEED]
  if (megabits !== undefined) numbers[SPEED] = Math.trunc(megabits * BYTES_PER_MEGABIT)
  return { name, texts: INFO_FILES.map(file => read(file) ?? ''), numbers }
}

/** 0 for what is no number, as node_exporter has it. */
export function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  try {
    return parseInteger(text, '')
  } catch {
    return 0
  }
}

function newSeries(samples: Samples, name: string): DeviceSeries {
  return { up: samples.series(up, name), numbers: NUMBERS.map(([, one]) => samples.series(one, name)), texts: '' }
}

function write(samples: Samples, { name, texts, numbers }: Device, series: DeviceSeries): void {
  const [address, broadcast, duplex, operstate, ifalias] = texts
  const flags = numbers[FLAGS]
  const admin = flags === undefined ? 'unknown' : flags % 2 === IFF_UP ? 'up' : 'down'
  const key = `${admin}\0${texts.join('\0')}`
  if (!series.info || series.texts !== key) {
    series.info = samples.series(info, name, address, broadcast, duplex, operstate, admin, ifalias)
    series.texts = key
  }
  samples.put(series.up, operstate === 'up' ? 1 : 0)
  samples.put(series.info, 1)
  numbers.forEach((number, i) => void (number !== undefined && samples.put(series.numbers[i], number)))
}
