import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const softnetFamily = (name: string, help: string) => family(counter(`node_softnet_${name}_total`, help), 'cpu')

/** Families and their columns in net/softnet_stat; columns that an old kernel lacks are 0. */
const COLUMNS = [
  { of: softnetFamily('processed', 'Number of processed packets'), at: 0 },
  { of: softnetFamily('dropped', 'Number of dropped packets'), at: 1 },
  { of: softnetFamily('times_squeezed', 'Number of times processing packets ran out of quota'), at: 2 },
  {
    of: softnetFamily('cpu_collision', 'Number of collision occur while obtaining device lock while transmitting'),
    at: 8,
  },
  { of: softnetFamily('received_rps', 'Number of times cpu woken up received_rps'), at: 9 },
  { of: softnetFamily('flow_limit_count', 'Number of times flow limit has been reached'), at: 10 },
  { of: family(gauge('node_softnet_backlog_len', 'Softnet backlog status'), 'cpu'), at: 11 },
]
const MIN_COLUMNS = 9
/** Column of the CPU's number, since Linux 5.10; before, CPUs are counted by lines. */
const CPU_COLUMN = 12

/** What the network stack did by CPU. Source: softnet_seq_show of the kernel's net/core/net-procfs.c. */
export const softnet = defineCollector({
  name: 'softnet',
  defaultEnabled: true,
  flags: {},
  families: COLUMNS.map(({ of }) => of),
  create(_flags, { proc }) {
    const rows = new Map<number, SeriesHandle[]>()
    return {
      collect(samples) {
        for (const { cpu, columns } of parseSoftnet(proc.read('net/softnet_stat'))) {
          const row = rows.get(cpu) ?? COLUMNS.map(({ of }) => samples.series(of, String(cpu)))
          rows.set(cpu, row)
          for (let i = 0; i < COLUMNS.length; i++) samples.put(row[i], columns[COLUMNS[i].at])
        }
      },
    }
  },
})

/** A line of hexadecimal numbers for each CPU. Throws ParseError. */
export function parseSoftnet(bytes: Buffer): { cpu: number; columns: Float64Array }[] {
  const rows: { cpu: number; columns: Float64Array }[] = []
  const reader = new FieldReader('net/softnet_stat', bytes)
  while (reader.nextLine()) {
    const columns = new Float64Array(CPU_COLUMN + 1)
    let count = 0
    for (; count < columns.length && reader.hasNext; count++) columns[count] = reader.hex(`column ${count + 1}`)
    if (count < MIN_COLUMNS) throw new ParseError(reader.file, 'columns', String(count))
    const isNumbered = count > CPU_COLUMN
    if (!isNumbered) columns[COLUMNS[COLUMNS.length - 1].at] = 0
    rows.push({ cpu: isNumbered ? columns[CPU_COLUMN] : rows.length, columns })
  }
  return rows
}
