import { readAttribute, tryAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { matching } from '../sysfs_class.ts'
import { parseCpuRange } from './cpu.ts'

const hertz = (name: string, help: string) => family(gauge(`node_cpu_${name}_hertz`, help), 'cpu')

/** File → family; the files are in kHz. */
const FREQUENCIES = [
  ['cpuinfo_cur_freq', hertz('frequency', 'Current CPU thread frequency in hertz.')],
  ['cpuinfo_avg_freq', hertz('frequency_avg', 'Average CPU thread frequency in hertz.')],
  ['cpuinfo_min_freq', hertz('frequency_min', 'Minimum CPU thread frequency in hertz.')],
  ['cpuinfo_max_freq', hertz('frequency_max', 'Maximum CPU thread frequency in hertz.')],
  ['scaling_cur_freq', hertz('scaling_frequency', 'Current scaled CPU thread frequency in hertz.')],
  ['scaling_min_freq', hertz('scaling_frequency_min', 'Minimum scaled CPU thread frequency in hertz.')],
  ['scaling_max_freq', hertz('scaling_frequency_max', 'Maximum scaled CPU thread frequency in hertz.')],
] as const
const governor = family(
  gauge('node_cpu_scaling_governor', 'Current enabled CPU frequency governor.'),
  ...['cpu', 'governor'],
)

const FOLDER = 'devices/system/cpu'
const HERTZ = 1000
const ABSENT = new Set(['ENOENT', 'EACCES', 'EPERM'])

/** Frequencies of the CPUs that are online. Source: admin-guide/pm/cpufreq of the kernel's documentation. */
export const cpufreq = defineCollector({
  name: 'cpufreq',
  defaultEnabled: true,
  flags: {},
  families: [...FREQUENCIES.map(([, one]) => one), governor],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const offline = new Set(parseCpuRange(sys.text(`${FOLDER}/offline`)))
      const cpus: { cpu: string; kilohertz: (number | undefined)[]; governors: Governors }[] = []
      for (const name of matching(sys, FOLDER, /^cpu\d/)) {
        const cpu = name.slice('cpu'.length)
        const path = `${FOLDER}/${name}/cpufreq`
        if (offline.has(cpu) || !sys.exists(path)) continue
        const kilohertz: (number | undefined)[] = []
        for (const [file] of FREQUENCIES) {
          // asking the processor itself may take a while
          kilohertz.push(readFrequency(sys, `${path}/${file}`))
          yield
        }
        const [available, current] = ['scaling_available_governors', 'scaling_governor'].map(file =>
          readAttribute(sys, `${path}/${file}`),
        )
        cpus.push({ cpu, kilohertz, governors: parseGovernors(available, current) })
      }
      for (const { cpu, kilohertz, governors } of cpus) {
        kilohertz.forEach(
          (value, i) => void (value !== undefined && samples.emit(FREQUENCIES[i][1], value * HERTZ, cpu)),
        )
        for (const [name, value] of governors) samples.emit(governor, value, cpu, name)
      }
    },
  }),
})

type Governors = readonly (readonly [string, 0 | 1])[]

/** `performance powersave` and the one in force → each with 1 or 0; none when none is in force. */
export function parseGovernors(available: string, current: string): Governors {
  if (current === '') return []
  return available.split(' ').map(name => [name, name === current ? 1 : 0] as const)
}

/** Throws ParseError: `<unknown>` is what some drivers say. */
function readFrequency(sys: HostRoot, path: string): number | undefined {
  const text = tryAttribute(sys, path, ABSENT)
  if (text !== undefined && !/^\d+$/.test(text)) throw new ParseError(path, 'kHz', text)
  return text === undefined ? undefined : Number(text)
}
