import { z } from 'zod'
import { regex } from '../../../src/config/fields.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { CpuClocks, GUEST_MODES, MODES, parseCpuTimes } from './cpu_times.ts'
import { cpuInfoFamilies, cpuInfoWriter } from './cpuinfo.ts'

const seconds = family(counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.'), 'cpu', 'mode')
const guestSeconds = family(
  counter('node_cpu_guest_seconds_total', 'Seconds the CPUs spent in guests (VMs) for each mode.'),
  'cpu',
  'mode',
)
const coreThrottles = family(
  counter('node_cpu_core_throttles_total', 'Number of times this CPU core has been throttled.'),
  'package',
  'core',
)
const packageThrottles = family(
  counter('node_cpu_package_throttles_total', 'Number of times this CPU package has been throttled.'),
  'package',
)
const isolated = family(
  gauge('node_cpu_isolated', 'Whether each core is isolated, information from /sys/devices/system/cpu/isolated.'),
  'cpu',
)
const online = family(gauge('node_cpu_online', 'CPUs that are online and being scheduled.'), 'cpu')

const CPUS = 'devices/system/cpu'

/** CPU time by mode, throttling, isolation. Sources: proc_stat(5), /sys/devices/system/cpu (sysfs-devices-system-cpu). */
export const cpu = defineCollector({
  name: 'cpu',
  defaultEnabled: true,
  flags: {
    guest: z.boolean().default(true).describe('Write node_cpu_guest_seconds_total.'),
    info: z.boolean().default(false).describe('Write node_cpu_info, from /proc/cpuinfo.'),
    info_flags_include: regex()
      .optional()
      .describe('Write node_cpu_flag_info for the CPU flags that match; switches `info` on.'),
    info_bugs_include: regex()
      .optional()
      .describe('Write node_cpu_bug_info for the CPU bugs that match; switches `info` on.'),
  },
  families: [seconds, guestSeconds, ...cpuInfoFamilies, coreThrottles, packageThrottles, isolated, online],
  create({ guest, info, info_flags_include: flags, info_bugs_include: bugs }, { proc, sys, enabled }) {
    const clocks = new CpuClocks()
    const rows = new Map<number, SeriesHandle[]>()
    const writeInfo =
      info || flags?.source || bugs?.source ? cpuInfoWriter(flags, bugs, enabled.has('cpufreq')) : undefined
    let isolatedCpus: readonly string[] | undefined
    let topology: Topology | undefined

    const writeTimes = (samples: Samples) => {
      for (const [number, times] of clocks.update(parseCpuTimes(proc.shared('stat')))) {
        const row = rows.get(number) ?? newRow(samples, number)
        for (let mode = 0; mode < row.length; mode++) samples.put(row[mode], times[mode])
      }
      if (rows.size > clocks.size) for (const number of rows.keys()) if (!clocks.has(number)) rows.delete(number)
    }
    const newRow = (samples: Samples, number: number): SeriesHandle[] => {
      const row = MODES.map(mode => samples.series(seconds, String(number), mode))
      if (guest) row.push(...GUEST_MODES.map(mode => samples.series(guestSeconds, String(number), mode)))
      rows.set(number, row)
      return row
    }
    /** Folders of the CPUs, listed anew when a CPU came or went; always, where the kernel does not say. */
    const places = (): Topology => {
      const state = ['present', 'online'].map(name => sys.tryRead(`${CPUS}/${name}`)?.toString('latin1'))
      if (!topology || state.includes(undefined) || state.join() !== topology.state)
        topology = readTopology(sys, state.join())
      return topology
    }

    return {
      *collect(samples): Steps {
        writeInfo?.(samples, proc.read('cpuinfo'))
        writeTimes(samples)
        isolatedCpus ??= parseCpuRange(sys.tryRead(`${CPUS}/isolated`)?.toString('latin1') ?? '')
        for (const number of isolatedCpus) samples.emit(isolated, 1, number)
        const throttles = new Throttles()
        const { cpus, tellsOnline } = places()
        for (const place of cpus) {
          place.core ??= readCore(sys, place.path)
          if (place.core.throttles)
            throttles.read(place.core, name => sys.tryNumber(`${place.path}/thermal_throttle/${name}`))
          if (tellsOnline) samples.emit(online, sys.tryRead(`${place.path}/online`)?.[0] === ONE ? 1 : 0, place.number)
          yield
        }
        throttles.write(samples)
      },
    }
  },
})
const ONE = 49

interface Topology {
  readonly state: string
  readonly cpus: readonly CpuPlace[]
  /** Whether the first CPU says if it is online; else none is asked. */
  readonly tellsOnline: boolean
}
interface CpuPlace {
  readonly path: string
  readonly number: string
  core?: Core
}
interface Core {
  readonly physical: string
  readonly core: string
  /** Whether it is known which core this is, and the core counts its throttling. */
  readonly throttles: boolean
}

function readTopology(sys: HostRoot, state: string): Topology {
  const names = sys.exists(CPUS) ? sys.list(CPUS).filter(name => /^cpu\d/.test(name)) : []
  const cpus = names.map(name => ({ path: `${CPUS}/${name}`, number: name.slice('cpu'.length) }))
  return { state, cpus, tellsOnline: cpus.length > 0 && sys.exists(`${cpus[0].path}/online`) }
}

function readCore(sys: HostRoot, path: string): Core {
  const physical = sys.tryNumber(`${path}/topology/physical_package_id`)
  const core = sys.tryNumber(`${path}/topology/core_id`)
  const throttles = physical !== undefined && core !== undefined && sys.exists(`${path}/thermal_throttle`)
  return { physical: String(physical), core: String(core), throttles }
}

/** Throttle counts, read once a core and once a package: their CPUs share them. */
class Throttles {
  readonly #cores = new Map<string, { physical: string; core: string; count: number | undefined }>()
  readonly #packages = new Map<string, number | undefined>()

  read({ physical, core }: Core, readCount: (name: string) => number | undefined): void {
    const key = `${physical}/${core}`
    if (this.#cores.get(key)?.count === undefined)
      this.#cores.set(key, { physical, core, count: readCount('core_throttle_count') })
    if (this.#packages.get(physical) === undefined) this.#packages.set(physical, readCount('package_throttle_count'))
  }

  write(samples: Samples): void {
    for (const [physical, count] of this.#packages)
      if (count !== undefined) samples.emit(packageThrottles, count, physical)
    for (const { physical, core, count } of this.#cores.values())
      if (count !== undefined) samples.emit(coreThrottles, count, physical, core)
  }
}

/** `0-2,7` → 0, 1, 2, 7: a cpu list, cpuset(7). Throws RangeError for anything else. */
export function parseCpuRange(text: string): string[] {
  return text
    .trim()
    .split(',')
    .filter(part => part !== '')
    .flatMap(part => {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
      if (first === undefined || Number(last) > 65_535) throw new RangeError(`${CPUS}/isolated: unexpected ${part}`)
      return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => String(Number(first) + i))
    })
}
