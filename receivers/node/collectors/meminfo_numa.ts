import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'

const FOLDER = 'devices/system/node'

/** Memory by NUMA node, by the names that the kernel has. Sources: node<n>/meminfo and numastat, the kernel's admin-guide/numastat.rst. */
export const meminfoNuma = defineCollector({
  name: 'meminfo_numa',
  defaultEnabled: false,
  flags: {},
  families: [],
  create(_flags, { sys }) {
    const families = new Map<string, Family>()
    const familyOf = (name: string, kind: typeof gauge) => {
      const known =
        families.get(name) ?? family(kind(`node_memory_numa_${name}`, `Memory information field ${name}.`), 'node')
      families.set(name, known)
      return known
    }
    return {
      *collect(samples): Steps {
        const nodes = sys.exists(FOLDER) ? sys.list(FOLDER).filter(name => /^node\d/.test(name)) : []
        for (const folder of nodes) {
          const node = folder.slice('node'.length)
          for (const { field, value } of parseNodeMeminfo(sys.read(`${FOLDER}/${folder}/meminfo`), node))
            samples.emit(familyOf(field, gauge), value, node)
          for (const { field, value } of parseNumastat(sys.read(`${FOLDER}/${folder}/numastat`)))
            samples.emit(familyOf(`${field}_total`, counter), value, node)
          yield
        }
      },
    }
  },
})

/** `Node 0 Active(anon):   11288 kB` → Active_anon in bytes; values without a unit as they are. Throws ParseError. */
export function parseNodeMeminfo(bytes: Buffer, node: string): { field: string; value: number }[] {
  const found: { field: string; value: number }[] = []
  const reader = new FieldReader(`node${node}/meminfo`, bytes)
  while (reader.nextLine()) {
    reader.next()
    reader.next()
    reader.next()
    const field = reader.text.replace(/:+$/, '').replace(/\((.*)\)/, '_$1')
    const value = reader.number(field)
    if (reader.next() && !reader.is('kB')) throw new ParseError(reader.file, field, reader.text)
    found.push({ field, value: reader.stop > reader.start ? value * 1024 : value })
  }
  return found
}

/** `numa_hit 193460335812`, one line a field. Throws ParseError. */
export function parseNumastat(bytes: Buffer): { field: string; value: number }[] {
  const found: { field: string; value: number }[] = []
  const reader = new FieldReader('numastat', bytes)
  while (reader.nextLine()) {
    reader.next()
    const field = reader.text
    found.push({ field, value: reader.number(field) })
    if (reader.hasNext) throw new ParseError('numastat', field, reader.rest)
  }
  return found
}
