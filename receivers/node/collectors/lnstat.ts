import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'

/** Caches of the network stack, by the names that the kernel has for them. Source: /proc/net/stat, lnstat(8). */
export const lnstat = defineCollector({
  name: 'lnstat',
  defaultEnabled: false,
  flags: {},
  families: [],
  create(_flags, { proc }) {
    const families = new Map<string, Family>()
    const familyOf = (name: string) => {
      const known =
        families.get(name) ??
        family(counter(`node_lnstat_${name}_total`, 'linux network cache stats'), 'subsystem', 'cpu')
      families.set(name, known)
      return known
    }
    return {
      *collect(samples): Steps {
        for (const file of proc.exists('net/stat') ? proc.list('net/stat') : []) {
          parseLnstat(proc.read(`net/stat/${file}`), file).forEach((row, cpu) => {
            for (const [name, value] of row) samples.emit(familyOf(name), value, file, String(cpu))
          })
          yield
        }
      },
    }
  },
})

/** A heading of names, then a line of hexadecimal numbers for each CPU. Throws ParseError. */
export function parseLnstat(bytes: Buffer, file: string): Map<string, number>[] {
  const reader = new FieldReader(`net/stat/${file}`, bytes)
  const names: string[] = []
  if (reader.nextLine()) while (reader.next()) names.push(reader.text)
  const rows: Map<string, number>[] = []
  while (reader.nextLine()) {
    const row = new Map<string, number>()
    for (let column = 0; reader.hasNext; column++) {
      if (column === names.length) throw new ParseError(reader.file, 'columns', reader.rest)
      row.set(names[column], reader.hex(names[column]))
    }
    rows.push(row)
  }
  return rows
}
