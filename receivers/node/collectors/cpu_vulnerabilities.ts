import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { matching } from '../sysfs_class.ts'

const info = family(
  gauge(
    'node_cpu_vulnerabilities_info',
    'Details of each CPU vulnerability reported by sysfs. The value of the series is an int encoded state of the vulnerability. The same state is stored as a string in the label',
  ),
  ...['codename', 'state', 'mitigation'],
)

const FOLDER = 'devices/system/cpu/vulnerabilities'
const STATES = ['not affected', 'vulnerable', 'mitigation', 'unknown']

/** What the kernel says of the processor's flaws. Source: sysfs-devices-system-cpu, admin-guide/hw-vuln. */
export const cpuVulnerabilities = defineCollector({
  name: 'cpu_vulnerabilities',
  defaultEnabled: false,
  flags: {},
  families: [info],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const found: [string, string, string][] = []
      for (const name of matching(sys, FOLDER, /^[^.]/)) {
        found.push([name, ...parseVulnerability(sys.text(`${FOLDER}/${name}`))])
        yield
      }
      for (const labels of found) samples.emit(info, 1, ...labels)
    },
  }),
})

/** `Mitigation: PTE Inversion; VMX: vulnerable` → its state, and the words behind the first. */
export function parseVulnerability(text: string): [state: string, mitigation: string] {
  const lower = text.toLowerCase()
  const state = STATES.find(one => lower.startsWith(one))
  if (!state) return ['unknown', text]
  return [state, state === 'not affected' ? '' : text.split(/\s+/).slice(1).join(' ')]
}
