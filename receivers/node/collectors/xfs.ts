import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'

const btree = (of: string) => [
  `Number of ${of} B-tree lookups for a filesystem.`,
  `Number of ${of} B-tree compares for a filesystem.`,
  `Number of ${of} B-tree records inserted for a filesystem.`,
  `Number of ${of} B-tree records deleted for a filesystem.`,
]
const BTREE = ['lookups', 'compares', 'records_inserted', 'records_deleted']

interface Line {
  readonly prefix: string
  /** Names and help texts of the line's columns, in its order. */
  readonly names: readonly string[]
  readonly helps: readonly string[]
  /** Columns that may stand behind them. */
  readonly more: number
}
const line = (prefix: string, names: readonly string[], helps: readonly string[], more = 0): Line => ({
  ...{ prefix, names, helps, more },
})

/** By the first word of a line of the stats file. */
const LINES: Readonly<Record<string, Line>> = {
  extent_alloc: line(
    'extent_allocation',
    ['extents_allocated', 'blocks_allocated', 'extents_freed', 'blocks_freed'],
    ['extents allocated', 'blocks allocated', 'extents freed', 'blocks freed'].map(
      what => `Number of ${what} for a filesystem.`,
    ),
  ),
  abt: line('allocation_btree', BTREE, btree('allocation')),
  blk_map: line(
    'block_mapping',
    'reads writes unmaps extent_list_insertions extent_list_deletions extent_list_lookups extent_list_compares'.split(
      ' ',
    ),
    [
      'Number of block map for read operations for a filesystem.',
      'Number of block map for write operations for a filesystem.',
      'Number of block unmaps (deletes) for a filesystem.',
      'Number of extent list insertions for a filesystem.',
      'Number of extent list deletions for a filesystem.',
      'Number of extent list lookups for a filesystem.',
      'Number of extent list compares for a filesystem.',
    ],
  ),
  bmbt: line('block_map_btree', BTREE, btree('block map')),
  dir: line(
    'directory_operation',
    ['lookup', 'create', 'remove', 'getdents'],
    [
      'Number of file name directory lookups which miss the operating systems directory name lookup cache.',
      'Number of times a new directory entry was created for a filesystem.',
      'Number of times an existing directory entry was created for a filesystem.',
      'Number of times the directory getdents operation was performed for a filesystem.',
    ],
  ),
  ig: line(
    'inode_operation',
    ['attempts', 'found', 'recycled', 'missed', 'duplicates', 'reclaims', 'attribute_changes'],
    [
      'Number of times the OS looked for an XFS inode in the inode cache.',
      'Number of times the OS looked for and found an XFS inode in the inode cache.',
      'Number of times the OS found an XFS inode in the cache, but could not use it as it was being recycled.',
      'Number of times the OS looked for an XFS inode in the cache, but did not find it.',
      'Number of times the OS tried to add a missing XFS inode to the inode cache, but found it had already been added by another process.',
      'Number of times the OS reclaimed an XFS inode from the inode cache to free memory for another purpose.',
      'Number of times the OS explicitly changed the attributes of an XFS inode.',
    ],
  ),
  rw: line(
    '',
    ['write_calls', 'read_calls'],
    ['write', 'read'].map(call => `Number of ${call}(2) system calls made to files in a filesystem.`),
  ),
  vnodes: line(
    'vnode',
    ['active', 'allocate', 'get', 'hold', 'release', 'reclaim', 'remove'],
    [
      'Number of vnodes not on free lists for a filesystem.',
      ...['alloc', 'get', 'hold', 'rele', 'reclaim', 'remove'].map(
        call => `Number of times vn_${call} called for a filesystem.`,
      ),
    ],
    1,
  ),
}

/** In the order in which `parseXfs` gives their values. */
const families = Object.values(LINES).flatMap(({ prefix, names, helps }) =>
  names.map((name, i) => {
    const full = prefix === '' ? name : `${prefix}_${name}`
    return family(counter(`node_xfs_${full}_total`, helps[i]), 'device')
  }),
)

/** XFS file systems. Source: /sys/fs/xfs/<device>/stats/stats, XFS's Runtime_Stats. */
export const xfs = defineCollector({
  name: 'xfs',
  defaultEnabled: true,
  flags: {},
  families,
  create(_flags, { sys }) {
    const known = new Map<string, SeriesHandle[]>()
    return {
      *collect(samples): Steps {
        const devices = sys.exists('fs/xfs') ? sys.list('fs/xfs') : []
        for (const device of devices) {
          const bytes = sys.find(`fs/xfs/${device}/stats/stats`)
          if (!bytes) continue
          const values = parseXfs(bytes)
          const series = known.get(device) ?? families.map(one => samples.series(one, device))
          known.set(device, series)
          for (let i = 0; i < series.length; i++) samples.put(series[i], values[i])
          yield
        }
        if (known.size > devices.length)
          for (const device of known.keys()) if (!devices.includes(device)) known.delete(device)
      },
    }
  },
})

/** `extent_alloc 92447 97589 92448 93751`, one line a kind: the values of `families`. Throws ParseError. */
export function parseXfs(bytes: Buffer): Float64Array {
  const values = new Float64Array(families.length)
  const reader = new FieldReader('fs/xfs/stats', bytes)
  while (reader.nextLine()) {
    reader.next()
    const kind = reader.text
    if (!Object.hasOwn(LINES, kind)) continue
    const { names, more } = LINES[kind]
    const at = FIRST[kind]
    for (let i = 0; i < names.length; i++) values[at + i] = reader.number(`${kind} ${names[i]}`)
    for (let i = 0; i < more; i++) reader.optionalNumber(kind)
    if (reader.hasNext) throw new ParseError(reader.file, kind, reader.rest)
  }
  return values
}

/** Place of a line's first value. */
const FIRST: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(LINES).map(([kind], i, all) => [
    kind,
    all.slice(0, i).reduce((sum, [, { names }]) => sum + names.length, 0),
  ]),
)
