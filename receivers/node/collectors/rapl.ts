import { z } from 'zod'
import { readAttribute, readInteger, tryAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, type Steps } from '../collector.ts'
import { metricName } from '../metric_name.ts'
import { listClass } from '../sysfs_class.ts'

const byZone = (zone: string) =>
  family(counter(`node_rapl_${metricName(zone)}_joules_total`, `Current RAPL ${zone} value in joules`), 'index', 'path')
const joules = family(
  counter('node_rapl_joules_total', 'Current RAPL value in joules'),
  ...['index', 'path', 'rapl_zone'],
)
/** The zones that processors of Intel and AMD have; others get their family when they are found. */
const ZONES = ['core', 'package']

const FOLDER = 'class/powercap'
const MICROJOULES = 1e6

/** Energy by power zone. Source: power/powercap of the kernel's documentation. Since 5.10 only root may read it. */
export const rapl = defineCollector({
  name: 'rapl',
  defaultEnabled: true,
  flags: {
    enable_zone_label: z
      .boolean()
      .default(false)
      .describe('Write node_rapl_joules_total with the zone as a label in place of a family for each zone.'),
  },
  families: [...ZONES.map(byZone), joules],
  create({ enable_zone_label: zoneLabel }, { sys }) {
    const families = new Map<string, Family>(ZONES.map(zone => [zone, byZone(zone)]))
    const familyOf = (zone: string) => {
      const known = families.get(zone) ?? byZone(zone)
      families.set(zone, known)
      return known
    }
    return {
      *collect(samples): Steps {
        for (const { zone, index, folder } of readZones(sys)) {
          const value = unlessForbidden(() => readInteger(sys, `${folder}/energy_uj`)) / MICROJOULES
          const path = `${sys.path.replace(/\/+$/, '')}/${folder}`
          if (zoneLabel) samples.emit(joules, value, String(index), path, zone)
          else samples.emit(familyOf(zone), value, String(index), path)
          yield
        }
      },
    }
  },
})

interface Zone {
  readonly zone: string
  readonly index: number
  readonly folder: string
}

function readZones(sys: HostRoot): Zone[] {
  const used = new Map<string, number>()
  return listClass(sys, FOLDER).flatMap(name => {
    const folder = `${FOLDER}/${name}`
    const text = tryAttribute(sys, `${folder}/name`)
    if (text === undefined) return []
    unlessForbidden(() => readAttribute(sys, `${folder}/max_energy_range_uj`))
    const { zone, index } = parseZoneName(text, used)
    used.set(zone, index + 1)
    return [{ zone, index, folder }]
  })
}

/** `package-0` → package 0; names without a number are counted by `used`. */
export function parseZoneName(text: string, used: ReadonlyMap<string, number>): { zone: string; index: number } {
  const [, zone, index] = /^([^-]*)-(\d+)$/.exec(text) ?? []
  return zone === undefined ? { zone: text, index: used.get(text) ?? 0 } : { zone, index: Number(index) }
}

function unlessForbidden<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw new NoData((error as Error).message)
    throw error
  }
}
