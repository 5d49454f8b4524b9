import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const count = family(gauge('node_cgroups_cgroups', 'Current cgroup number of the subsystem.'), 'subsys_name')
const enabled = family(gauge('node_cgroups_enabled', 'Current cgroup number of the subsystem.'), 'subsys_name')

/** Control groups by controller. Source: cgroups(7), /proc/cgroups. */
export const cgroups = defineCollector({
  name: 'cgroups',
  defaultEnabled: false,
  flags: {},
  families: [count, enabled],
  create: (_flags, { proc }) => ({
    collect(samples) {
      for (const one of parseCgroups(proc.read('cgroups').toString('utf8'))) {
        samples.emit(count, one.cgroups, one.name)
        samples.emit(enabled, one.enabled, one.name)
      }
    },
  }),
})

/** `cpu 5 47 1`: name, hierarchy, cgroups, enabled; below a heading that begins with #. Throws ParseError. */
export function parseCgroups(text: string): { name: string; cgroups: number; enabled: number }[] {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [, name, groups, on] = /^(\S+)\s+\d+\s+(\d+)\s+(\d+)\s*$/.exec(line) ?? []
      if (on === undefined) throw new ParseError('cgroups', 'columns', line)
      return { name, cgroups: Number(groups), enabled: Number(on) }
    })
}
