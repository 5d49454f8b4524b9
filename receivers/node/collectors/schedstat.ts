import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, present, type Samples } from '../collector.ts'

const running = family(
  counter('node_schedstat_running_seconds_total', 'Number of seconds CPU spent running a process.'),
  'cpu',
)
const waiting = family(
  counter('node_schedstat_waiting_seconds_total', 'Number of seconds spent by processing waiting for this CPU.'),
  'cpu',
)
const timeslices = family(counter('node_schedstat_timeslices_total', 'Number of timeslices executed by CPU.'), 'cpu')
const NANOS = 1e9

/** Time in run queues. Source: the kernel's scheduler/sched-stats.rst. */
export const schedstat = defineCollector({
  name: 'schedstat',
  defaultEnabled: true,
  flags: {},
  families: [running, waiting, timeslices],
  create(_flags, { proc }) {
    const cpus = new ByteMap<SchedCpu>()
    const newSeries = (samples: Samples, number: string) =>
      [running, waiting, timeslices].map(one => samples.series(one, number))
    return {
      collect(samples) {
        for (const { cpu, runningNanos, waitingNanos, slices } of parseSchedstat(present(proc, 'schedstat'), cpus)) {
          cpu.series ??= newSeries(samples, cpu.number)
          samples.put(cpu.series[0], runningNanos / NANOS)
          samples.put(cpu.series[1], waitingNanos / NANOS)
          samples.put(cpu.series[2], slices)
        }
      },
    }
  },
})

interface SchedCpu {
  readonly number: string
  series?: SeriesHandle[]
}
interface SchedRow {
  readonly cpu: SchedCpu
  readonly runningNanos: number
  readonly waitingNanos: number
  readonly slices: number
}
/** Columns of a cpu line before those of time. */
const COUNTS = 6

/** `cpu0 0 0 0 0 0 0 <running ns> <waiting ns> <timeslices>`; lines of domains are left out. Throws ParseError. */
export function parseSchedstat(bytes: Buffer, cpus: ByteMap<SchedCpu>): SchedRow[] {
  const rows: SchedRow[] = []
  const reader = new FieldReader('schedstat', bytes)
  while (reader.nextLine()) {
    if (!reader.next() || !reader.startsWith('cpu')) continue
    const cpu = cpus.get(bytes, reader.start, reader.stop, () => ({ number: reader.text.slice('cpu'.length) }))
    for (let i = 0; i < COUNTS; i++) reader.number(`cpu${cpu.number} column ${i + 1}`)
    const runningNanos = reader.number(`cpu${cpu.number} running`)
    const waitingNanos = reader.number(`cpu${cpu.number} waiting`)
    rows.push({ cpu, runningNanos, waitingNanos, slices: reader.number(`cpu${cpu.number} timeslices`) })
  }
  return rows
}
