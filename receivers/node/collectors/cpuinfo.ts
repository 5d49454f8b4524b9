import type { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import type { Samples } from '../collector.ts'

const info = family(
  gauge('node_cpu_info', 'CPU information from /proc/cpuinfo.'),
  ...['package', 'core', 'cpu', 'vendor', 'family', 'model', 'model_name', 'microcode', 'stepping', 'cachesize'],
)
const flagInfo = family(
  gauge('node_cpu_flag_info', 'The `flags` field of CPU information from /proc/cpuinfo taken from the first core.'),
  'flag',
)
const bugInfo = family(
  gauge('node_cpu_bug_info', 'The `bugs` field of CPU information from /proc/cpuinfo taken from the first core.'),
  'bug',
)
const frequency = family(
  gauge('node_cpu_frequency_hertz', 'CPU frequency in hertz from /proc/cpuinfo.'),
  ...['package', 'core', 'cpu'],
)
export const cpuInfoFamilies = [info, flagInfo, bugInfo, frequency]
const MEGAHERTZ = 1e6

/** Labels of node_cpu_info behind `cpu`, and the keys that the architectures have for them. */
const KEYS: Record<string, keyof CpuInfo> = {
  'physical id': 'package',
  'core id': 'core',
  vendor: 'vendor',
  vendor_id: 'vendor',
  'cpu family': 'family',
  'CPU Family': 'family',
  model: 'model',
  'model name': 'modelName',
  'Model Name': 'modelName',
  microcode: 'microcode',
  stepping: 'stepping',
  'cache size': 'cacheSize',
  'cpu MHz': 'megahertz',
}

export interface CpuInfo {
  cpu: string
  package: string
  core: string
  vendor: string
  family: string
  model: string
  modelName: string
  microcode: string
  stepping: string
  cacheSize: string
  megahertz: string
  flags: readonly string[]
  bugs: readonly string[]
}

/** Writes one series a CPU, its frequency `withFrequency`, and the flags and bugs of the first that the patterns let through. */
export function cpuInfoWriter(flags: LazyRegex | undefined, bugs: LazyRegex | undefined, withFrequency = false) {
  return (samples: Samples, bytes: Buffer): void => {
    const cpus = parseCpuInfo(bytes.toString('utf8'))
    for (const c of cpus) {
      const identity = [c.vendor, c.family, c.model, c.modelName, c.microcode, c.stepping, c.cacheSize]
      samples.emit(info, 1, c.package, c.core, c.cpu, ...identity)
      if (withFrequency) samples.emit(frequency, (Number(c.megahertz) || 0) * MEGAHERTZ, c.package, c.core, c.cpu)
    }
    if (flags?.source) for (const flag of cpus[0]?.flags ?? []) if (flags.test(flag)) samples.emit(flagInfo, 1, flag)
    if (bugs?.source) for (const bug of cpus[0]?.bugs ?? []) if (bugs.test(bug)) samples.emit(bugInfo, 1, bug)
  }
}

/** `key<tab>: value` lines, one block a CPU that begins with `processor`. Source: proc_cpuinfo(5). */
export function parseCpuInfo(text: string): CpuInfo[] {
  const cpus: CpuInfo[] = []
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const key = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    if (key === 'processor') cpus.push(newCpu(value))
    const cpu = cpus.at(-1)
    if (!cpu) continue
    if (key === 'flags' || key === 'Features') cpu.flags = words(value)
    else if (key === 'bugs') cpu.bugs = words(value)
    else if (Object.hasOwn(KEYS, key)) Object.assign(cpu, { [KEYS[key]]: value })
  }
  return cpus
}

function newCpu(cpu: string): CpuInfo {
  const empty = { package: '', core: '', vendor: '', family: '', model: '', modelName: '', microcode: '', stepping: '' }
  return { cpu, ...empty, cacheSize: '', megahertz: '', flags: [], bugs: [] }
}

function words(text: string): string[] {
  return text === '' ? [] : text.split(/\s+/)
}
