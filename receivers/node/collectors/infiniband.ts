import { regex } from '../../../src/config/fields.ts'
import { parseInteger, readAttribute, tryAttribute, WITHHELD } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'
import { listClass } from '../sysfs_class.ts'
import { COUNTERS, HW_COUNTERS, LEGACY_COUNTERS, type PortFile } from './infiniband_counters.ts'

const info = family(
  gauge('node_infiniband_info', 'Non-numeric data from /sys/class/infiniband/<device>, value is always 1.'),
  ...['device', 'board_id', 'firmware_version', 'hca_type'],
)
const port = (name: string, help: string) => family(gauge(`node_infiniband_${name}`, help), 'device', 'port')
const stateId = port(
  'state_id',
  'State of the InfiniBand port (0: no change, 1: down, 2: init, 3: armed, 4: active, 5: act defer)',
)
const physicalStateId = port(
  'physical_state_id',
  'Physical state of the InfiniBand port (0: no change, 1: sleep, 2: polling, 3: disable, 4: shift, 5: link up, 6: link error recover, 7: phytest)',
)
const rate = port('rate_bytes_per_second', 'Maximum signal transfer rate')

const FOLDER = 'class/infiniband'
const BYTES_PER_GIGABIT = 125_000_000

/** InfiniBand and RoCE ports. Source: sysfs-class-infiniband of the kernel's ABI documentation. */
export const infiniband = defineCollector({
  name: 'infiniband',
  defaultEnabled: true,
  flags: {
    device_include: regex().optional().describe('Devices to take, and no others.'),
    device_exclude: regex().optional().describe('Devices to leave out.'),
  },
  families: [
    info,
    stateId,
    physicalStateId,
    rate,
    ...[COUNTERS, LEGACY_COUNTERS, HW_COUNTERS].flat().map(([, one]) => one),
  ],
  create({ device_include: include, device_exclude: exclude }, { sys }) {
    const filter = new NameFilter(exclude, include)
    return {
      *collect(samples): Steps {
        const devices: { name: string; texts: string[]; ports: Port[] }[] = []
        for (const name of listClass(sys, FOLDER)) {
          if (filter.ignores(name)) continue
          const path = `${FOLDER}/${name}`
          const firmware = readAttribute(sys, `${path}/fw_ver`)
          const [board, type] = ['board_id', 'hca_type'].map(file => tryAttribute(sys, `${path}/${file}`) ?? '')
          const ports: Port[] = []
          for (const number of sys.list(`${path}/ports`))
            ports.push(yield* readPort(sys, `${path}/ports/${number}`, number))
          devices.push({ name, texts: [board, firmware, type], ports })
        }
        for (const { name, texts, ports } of devices) {
          samples.emit(info, 1, name, ...texts)
          for (const { number, values } of ports)
            for (const [one, value] of values) samples.emit(one, value, name, number)
        }
      },
    }
  },
})

interface Port {
  readonly number: string
  readonly values: readonly (readonly [Family, number])[]
}

function* readPort(sys: HostRoot, path: string, name: string): Generator<undefined, Port, undefined> {
  const values: [Family, number][] = [
    [stateId, parseState(readAttribute(sys, `${path}/state`), `${path}/state`)],
    [physicalStateId, parseState(readAttribute(sys, `${path}/phys_state`), `${path}/phys_state`)],
    [rate, parseRate(readAttribute(sys, `${path}/rate`), `${path}/rate`)],
  ]
  yield
  if (sys.exists(`${path}/counters`)) {
    yield* readCounters(sys, `${path}/counters`, COUNTERS, values)
    if (sys.exists(`${path}/counters_ext`)) yield* readCounters(sys, `${path}/counters_ext`, LEGACY_COUNTERS, values)
  }
  if (sys.exists(`${path}/hw_counters`)) yield* readCounters(sys, `${path}/hw_counters`, HW_COUNTERS, values)
  return { number: String(Number(name)), values }
}

/** Adds what there is; a port without performance management says so in place of a number. */
function* readCounters(
  sys: HostRoot,
  folder: string,
  counters: readonly PortFile[],
  values: [Family, number][],
): Generator<undefined, void, undefined> {
  const files = new Set(sys.list(folder))
  for (const [file, one, unit] of counters) {
    if (!files.has(file)) continue
    const text = tryAttribute(sys, `${folder}/${file}`, WITHHELD)
    if (text !== undefined && !text.includes('N/A (no PMA)'))
      values.push([one, scaled(parseInteger(text, `${folder}/${file}`), unit)])
    yield
  }
}

/** node_exporter divides whole numbers. */
const scaled = (value: number, unit: number) => (unit < 1 ? Math.floor(value * unit) : value * unit)

/** `4: ACTIVE` → 4. Throws ParseError. */
export function parseState(text: string, path: string): number {
  const id = /^\s*(\d+)\s*:[^:]*$/.exec(text)?.[1]
  if (id === undefined) throw new ParseError(path, 'state', text)
  return Number(id)
}

/** `2.5 Gb/sec (1X SDR)` → bytes a second. Throws ParseError. */
export function parseRate(text: string, path: string): number {
  const gigabits = /^(\d+(?:\.\d+)?) /.exec(text)?.[1]
  if (gigabits === undefined) throw new ParseError(path, 'rate', text)
  return Math.trunc(Math.fround(Number(gigabits)) * BYTES_PER_GIGABIT)
}
