import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const functions = family(counter('node_softirqs_functions_total', 'Softirq counts per CPU.'), 'cpu', 'type')
const TYPES = new Set('HI TIMER NET_TX NET_RX BLOCK IRQ_POLL TASKLET SCHED HRTIMER RCU'.split(' '))
const COLON = 58

/** Softirqs by CPU. Source: /proc/softirqs, the kernel's filesystems/proc.rst. */
export const softirqs = defineCollector({
  name: 'softirqs',
  defaultEnabled: false,
  flags: {},
  families: [functions],
  create(_flags, { proc }) {
    const known = new Map<string, SeriesHandle[]>()
    return {
      collect(samples) {
        for (const { type, counts } of parseSoftirqs(proc.read('softirqs'))) {
          const series = known.get(type) ?? []
          known.set(type, series)
          for (let cpu = 0; cpu < counts.length; cpu++) {
            series[cpu] ??= samples.series(functions, String(cpu), type)
            samples.put(series[cpu], counts[cpu])
          }
        }
      },
    }
  },
})

/** A heading of CPUs, then `TIMER: 424191 108342`, one line a type. Throws ParseError. */
export function parseSoftirqs(bytes: Buffer): { type: string; counts: number[] }[] {
  const rows: { type: string; counts: number[] }[] = []
  const reader = new FieldReader('softirqs', bytes)
  if (!reader.nextLine()) throw new ParseError('softirqs', 'heading', '')
  while (reader.nextLine()) {
    reader.next(COLON)
    const type = reader.text
    if (!TYPES.has(type)) continue
    const counts: number[] = []
    while (reader.hasNext) counts.push(reader.number(`${type} CPU${counts.length}`))
    rows.push({ type, counts })
  }
  return rows
}
