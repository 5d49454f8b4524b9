import { regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'

const slab = (name: string, help: string) => family(gauge(`node_slabinfo_${name}`, help), 'slab')

/** Columns of proc_slabinfo(5) behind the name, in its order. */
const COLUMNS = [
  slab('active_objects', 'The number of objects that are currently active (i.e., in use).'),
  slab('objects', 'The total number of allocated objects (i.e., objects that are both in use and not in use).'),
  slab('object_size_bytes', 'The size of objects in this slab, in bytes.'),
  slab('objects_per_slab', 'The number of objects stored in each slab.'),
  slab('pages_per_slab', 'The number of pages allocated for each slab.'),
]
const STEP_LINES = 200

/** Caches of kernel objects; only root may read them. Source: proc_slabinfo(5). */
export const slabinfo = defineCollector({
  name: 'slabinfo',
  defaultEnabled: false,
  flags: {
    slabs_include: regex().default(new LazyRegex('.*')).describe('Slabs to take, and no others.'),
    slabs_exclude: regex().optional().describe('Slabs to leave out.'),
  },
  families: COLUMNS,
  create({ slabs_include, slabs_exclude }, { proc }) {
    const filter = new NameFilter(slabs_exclude, slabs_include.source === '.*' ? undefined : slabs_include)
    const slabs = new ByteMap<Slab>()
    return {
      *collect(samples): Steps {
        let line = 0
        for (const { slab: one, values } of parseSlabinfo(yield* proc.readInSteps('slabinfo'), slabs)) {
          if (++line % STEP_LINES === 0) yield
          if (filter.ignores(one.name)) continue
          one.series ??= COLUMNS.map(column => samples.series(column, one.name))
          for (let i = 0; i < COLUMNS.length; i++) samples.put(one.series[i], values[i])
        }
      },
    }
  },
})

interface Slab {
  readonly name: string
  series?: SeriesHandle[]
}
const FIELDS = 16

/** Two lines of headings, then `kmalloc-8  2560 2560 8 512 1 : tunables … : slabdata …`. Throws ParseError. */
export function* parseSlabinfo(bytes: Buffer, slabs: ByteMap<Slab>): Generator<{ slab: Slab; values: Float64Array }> {
  const reader = new FieldReader('slabinfo', bytes)
  while (reader.nextLine()) {
    reader.next()
    if (reader.is('slabinfo') || reader.is('#')) continue
    const one = slabs.get(bytes, reader.start, reader.stop, () => ({ name: reader.text }))
    const values = Float64Array.from(COLUMNS, ({ descriptor }) => reader.number(`${one.name} ${descriptor.name}`))
    let fields = 1 + COLUMNS.length
    while (reader.next()) fields++
    if (fields !== FIELDS) throw new ParseError('slabinfo', `${one.name} columns`, String(fields))
    yield { slab: one, values }
  }
}
