import { regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { bothSet, NameFilter } from '../name_filter.ts'
import { diskInfoFamilies, parseUdev, type UdevProperties, writeDiskInfo } from './disk_info.ts'

const DEFAULT_EXCLUDE = '^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$'
/** Sectors of diskstats are always of 512 bytes; times are in milliseconds. */
const BYTES = 512
const SECONDS = 1 / 1000

const disk = (name: string, help: string) => family(counter(`node_disk_${name}`, help), 'device')

/** Columns behind the device's name in proc_diskstats(5), in its order, and what they are multiplied with. */
const COLUMNS: readonly (readonly [Family, number])[] = [
  [disk('reads_completed_total', 'The total number of reads completed successfully.'), 1],
  [disk('reads_merged_total', 'The total number of reads merged.'), 1],
  [disk('read_bytes_total', 'The total number of bytes read successfully.'), BYTES],
  [disk('read_time_seconds_total', 'The total number of seconds spent by all reads.'), SECONDS],
  [disk('writes_completed_total', 'The total number of writes completed successfully.'), 1],
  [disk('writes_merged_total', 'The number of writes merged.'), 1],
  [disk('written_bytes_total', 'The total number of bytes written successfully.'), BYTES],
  [disk('write_time_seconds_total', 'This is the total number of seconds spent by all writes.'), SECONDS],
  [family(gauge('node_disk_io_now', 'The number of I/Os currently in progress.'), 'device'), 1],
  [disk('io_time_seconds_total', 'Total seconds spent doing I/Os.'), SECONDS],
  [disk('io_time_weighted_seconds_total', 'The weighted # of seconds spent doing I/Os.'), SECONDS],
  [disk('discards_completed_total', 'The total number of discards completed successfully.'), 1],
  [disk('discards_merged_total', 'The total number of discards merged.'), 1],
  [disk('discarded_sectors_total', 'The total number of sectors discarded successfully.'), 1],
  [disk('discard_time_seconds_total', 'This is the total number of seconds spent by all discards.'), SECONDS],
  [disk('flush_requests_total', 'The total number of flush requests completed successfully'), 1],
  [
    disk('flush_requests_time_seconds_total', 'This is the total number of seconds spent by all flush requests.'),
    SECONDS,
  ],
]
/** Kernels before 4.18 have no discards, those before 5.5 no flushes; what has less is a partition of an ancient one. */
const MIN_COLUMNS = 11

/** Block devices. Sources: proc_diskstats(5), /sys/block, the udev database. */
export const diskstats = defineCollector({
  name: 'diskstats',
  defaultEnabled: true,
  flags: {
    device_exclude: regex()
      .default(new LazyRegex(DEFAULT_EXCLUDE))
      .describe('Devices to leave out. Gives way to `device_include`.'),
    device_include: regex().optional().describe('Devices to take, and no others.'),
  },
  families: [...COLUMNS.map(([one]) => one), ...diskInfoFamilies],
  problems: flags =>
    bothSet(['device_exclude', flags.device_exclude], ['device_include', flags.device_include], DEFAULT_EXCLUDE),
  create(flags, { proc, sys, udev }) {
    const filter = new NameFilter(flags.device_exclude, flags.device_include, DEFAULT_EXCLUDE)
    const devices = new ByteMap<Device>()
    let hasUdev: boolean | undefined
    return {
      *collect(samples: Samples): Steps {
        const rows = parseDiskstats(proc.read('diskstats'), devices)
        hasUdev ??= udev.exists('')
        for (const { device, values } of rows) {
          if (filter.ignores(device.name)) continue
          device.series ??= COLUMNS.map(([one]) => samples.series(one, device.name))
          for (let i = 0; i < values.length; i++) samples.put(device.series[i], values[i] * COLUMNS[i][1])
          yield
          const properties = hasUdev ? readUdev(udev.tryRead(`b${device.major}:${device.minor}`)) : new Map()
          const rotational = sys.tryNumber(`block/${device.name}/queue/rotational`) === 1
          writeDiskInfo(samples, device, rotational, properties)
        }
      },
    }
  },
})

interface Device {
  readonly name: string
  major: number
  minor: number
  series?: SeriesHandle[]
}

function readUdev(bytes: Buffer | undefined): UdevProperties {
  return bytes ? parseUdev(bytes.toString('utf8')) : new Map()
}

/**
 * `254 0 vda 159661 17023 …`, one line a device: its numbers and name, and the values of COLUMNS as far as this kernel has
 * them. `devices` keeps what belongs to a name. Throws ParseError.
 */
export function parseDiskstats(bytes: Buffer, devices: ByteMap<Device>): { device: Device; values: Float64Array }[] {
  const reader = new FieldReader('diskstats', bytes)
  const rows: { device: Device; values: Float64Array }[] = []
  while (reader.nextLine()) {
    const major = reader.number('major')
    const minor = reader.number('minor')
    reader.next()
    const device = devices.get(bytes, reader.start, reader.stop, () => ({ name: reader.text, major, minor }))
    device.major = major
    device.minor = minor
    const values = new Float64Array(COLUMNS.length)
    let count = 0
    for (; count < COLUMNS.length; count++) {
      const value = reader.optionalNumber(`${device.name} column ${count + 1}`)
      if (value === undefined) break
      values[count] = value
    }
    if (count >= MIN_COLUMNS) rows.push({ device, values: values.subarray(0, count) })
  }
  return rows
}
