import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, present } from '../collector.ts'

const entries = family(
  gauge('node_nf_conntrack_entries', 'Number of currently allocated flow entries for connection tracking.'),
)
const limit = family(gauge('node_nf_conntrack_entries_limit', 'Maximum size of connection tracking table.'))

const stat = (name: string, help: string) => family(gauge(`node_nf_conntrack_stat_${name}`, help))
const STATS = {
  found: stat('found', 'Number of searched entries which were successful.'),
  invalid: stat('invalid', 'Number of packets seen which can not be tracked.'),
  ignore: stat('ignore', 'Number of packets seen which are already connected to a conntrack entry.'),
  insert: stat('insert', 'Number of entries inserted into the list.'),
  insert_failed: stat('insert_failed', 'Number of entries for which list insertion was attempted but failed.'),
  drop: stat('drop', 'Number of packets dropped due to conntrack failure.'),
  early_drop: stat(
    'early_drop',
    'Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.',
  ),
  search_restart: stat(
    'search_restart',
    'Number of conntrack table lookups which had to be restarted due to hashtable resizes.',
  ),
}
type Stat = keyof typeof STATS
const NAMES = Object.keys(STATS) as Stat[]

/** Column of each in net/stat/nf_conntrack. */
const COLUMNS: Record<Stat, number> = {
  found: 2,
  invalid: 4,
  ignore: 5,
  insert: 8,
  insert_failed: 9,
  drop: 10,
  early_drop: 11,
  search_restart: 16,
}
const MIN_COLUMNS = 16
const MAX_COLUMNS = 17

/** Connection tracking. Sources: the kernel's nf_conntrack-sysctl.rst, /proc/net/stat/nf_conntrack. */
export const conntrack = defineCollector({
  name: 'conntrack',
  defaultEnabled: true,
  flags: {},
  families: [entries, limit, ...Object.values(STATS)],
  create: (_flags, { proc }) => ({
    collect(samples) {
      for (const [one, name] of [
        [entries, 'nf_conntrack_count'],
        [limit, 'nf_conntrack_max'],
      ] as const) {
        const file = `sys/net/netfilter/${name}`
        if (!proc.exists(file)) throw new NoData('the kernel does not track connections')
        samples.emit(one, proc.number(file))
      }
      const sums = parseConntrack(present(proc, 'net/stat/nf_conntrack'))
      for (const name of NAMES) samples.emit(STATS[name], sums[name])
    },
  }),
})

/** Sums over the CPUs: a heading and a line of hexadecimal numbers for each. Throws ParseError. */
export function parseConntrack(bytes: Buffer): Record<Stat, number> {
  const sums = Object.fromEntries(NAMES.map(name => [name, 0])) as Record<Stat, number>
  const reader = new FieldReader('net/stat/nf_conntrack', bytes)
  reader.nextLine()
  const columns: number[] = []
  while (reader.nextLine()) {
    columns.length = 0
    while (reader.hasNext) columns.push(reader.hex(`column ${columns.length + 1}`))
    if (columns.length < MIN_COLUMNS || columns.length > MAX_COLUMNS)
      throw new ParseError(reader.file, 'columns', String(columns.length))
    for (const name of NAMES) sums[name] += columns[COLUMNS[name]] ?? 0
  }
  return sums
}
