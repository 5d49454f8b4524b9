import { z } from 'zod'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const softirqs = family(counter('node_softirqs_total', 'Number of softirq calls.'), 'vector')
const VECTORS = ['hi', 'timer', 'net_tx', 'net_rx', 'block', 'block_iopoll', 'tasklet', 'sched', 'hrtimer', 'rcu']

/** First word of the line in /proc/stat → family. */
const LINES = {
  intr: family(counter('node_intr_total', 'Total number of interrupts serviced.')),
  ctxt: family(counter('node_context_switches_total', 'Total number of context switches.')),
  processes: family(counter('node_forks_total', 'Total number of forks.')),
  btime: family(gauge('node_boot_time_seconds', 'Node boot time, in unixtime.')),
  procs_running: family(gauge('node_procs_running', 'Number of processes in runnable state.')),
  procs_blocked: family(gauge('node_procs_blocked', 'Number of processes blocked waiting for I/O to complete.')),
}
type Line = keyof typeof LINES
const NAMES = Object.keys(LINES) as Line[]

/** What the kernel counts for the whole host. Source: proc_stat(5). */
export const stat = defineCollector({
  name: 'stat',
  defaultEnabled: true,
  flags: { softirq: z.boolean().default(false).describe('Write softirq calls by vector.') },
  families: [...Object.values(LINES), softirqs],
  create: ({ softirq }, { proc }) => ({
    collect(samples) {
      const found = parseStat(proc.shared('stat'))
      for (const name of NAMES) samples.emit(LINES[name], found[name])
      if (softirq) VECTORS.forEach((vector, i) => void samples.emit(softirqs, found.softirq[i], vector))
    },
  }),
})

export type Stat = Record<Line, number> & {
  /** By vector, in the order of proc_stat(5); 0 for those that an old kernel lacks. */
  softirq: number[]
}

/** The lines of /proc/stat that are not of one CPU; 0 for those that an old kernel lacks. Throws ParseError. */
export function parseStat(bytes: Buffer): Stat {
  const found: Stat = { intr: 0, ctxt: 0, processes: 0, btime: 0, procs_running: 0, procs_blocked: 0, softirq: [] }
  const reader = new FieldReader('stat', bytes)
  let lines = 0
  while (reader.nextLine()) {
    lines++
    reader.next()
    if (reader.startsWith('cpu')) continue
    const name = reader.text
    if (Object.hasOwn(LINES, name)) found[name as Line] = reader.number(name)
    else if (name === 'softirq') {
      reader.number('softirq total')
      found.softirq = VECTORS.map(vector => reader.optionalNumber(`softirq ${vector}`) ?? 0)
    }
  }
  if (lines === 0) throw new ParseError('stat', 'cpu', '')
  return found
}
