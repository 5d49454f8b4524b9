import { z } from 'zod'
import { regex } from '../../../src/config/fields.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'

const interruptsTotal = family(
  counter('node_interrupts_total', 'Interrupt details.'),
  ...['cpu', 'type', 'info', 'devices'],
)
/** Interrupts that are written between two pauses. */
const STEP_LINES = 16

/** Interrupts by CPU and source. Source: proc_interrupts(5). */
export const interrupts = defineCollector({
  name: 'interrupts',
  defaultEnabled: false,
  flags: {
    name_include: regex().optional().describe('Interrupts to take, as <name>;<info>;<devices>, and no others.'),
    name_exclude: regex().optional().describe('Interrupts to leave out, as <name>;<info>;<devices>.'),
    include_zeros: z.boolean().default(true).describe('Write those that never came on a CPU.'),
  },
  families: [interruptsTotal],
  create(flags, { proc }) {
    const filter = new NameFilter(flags.name_exclude, flags.name_include)
    const known = new Map<string, { source: string; series: SeriesHandle[] }>()
    const seriesOf = (samples: Samples, { name, info, devices, counts }: Interrupt): SeriesHandle[] => {
      const source = `${info};${devices}`
      let one = known.get(name)
      if (one?.source !== source || one.series.length !== counts.length) {
        const series = Array.from(counts, (_, cpu) => samples.series(interruptsTotal, String(cpu), name, info, devices))
        one = { source, series }
        known.set(name, one)
      }
      return one.series
    }
    return {
      *collect(samples): Steps {
        let line = 0
        for (const one of parseInterrupts(yield* proc.readInSteps('interrupts'))) {
          if (filter.ignores(`${one.name};${one.info};${one.devices}`)) continue
          const series = seriesOf(samples, one)
          for (let cpu = 0; cpu < series.length; cpu++) {
            if (flags.include_zeros || one.counts[cpu] !== 0) samples.put(series[cpu], one.counts[cpu])
          }
          if (++line % STEP_LINES === 0) yield
        }
      },
    }
  },
})

export interface Interrupt {
  readonly name: string
  readonly info: string
  readonly devices: string
  /** By the columns of the heading. */
  readonly counts: Float64Array
}
const COLON = 58

/**
 * `CPU0 CPU1`, then `  1: 17960 105 IO-APIC 1-edge i8042`: name, a count a CPU, what it is. Lines with fewer columns, such as
 * ERR and MIS, are left out. Throws ParseError.
 */
export function* parseInterrupts(bytes: Buffer): Generator<Interrupt> {
  const reader = new FieldReader('interrupts', bytes)
  if (!reader.nextLine()) throw new ParseError('interrupts', 'heading', '')
  let cpus = 0
  while (reader.next()) cpus++
  while (reader.nextLine()) {
    reader.next(COLON)
    if (bytes[reader.stop] !== COLON) continue
    const name = reader.text
    const counts = new Float64Array(cpus)
    let cpu = 0
    for (; cpu < cpus && reader.hasNext; cpu++) counts[cpu] = reader.number(`${name} CPU${cpu}`)
    if (cpu < cpus || !reader.hasNext) continue
    const words = reader.rest.trim().split(/\s+/)
    const isNumbered = /^\d+$/.test(name)
    const info = isNumbered ? words[0] : words.join(' ')
    yield { name, info, devices: isNumbered ? words.slice(1).join(' ') : '', counts }
  }
}
