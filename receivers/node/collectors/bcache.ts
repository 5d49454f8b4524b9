import { z } from 'zod'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { matching } from '../sysfs_class.ts'

const bcacheFamily = (type: typeof gauge, name: string, help: string, ...labels: string[]) =>
  family(type(`node_bcache_${name}`, help), 'uuid', ...labels)

/** File of the cache set, its family, what its number is multiplied with. */
const SET: readonly (readonly [string, Family, number])[] = [
  [
    'average_key_size',
    bcacheFamily(gauge, 'average_key_size_sectors', 'Average data per key in the btree (sectors).'),
    1,
  ],
  [
    'btree_cache_size',
    bcacheFamily(gauge, 'btree_cache_size_bytes', 'Amount of memory currently used by the btree cache.'),
    1,
  ],
  [
    'cache_available_percent',
    bcacheFamily(
      gauge,
      'cache_available_percent',
      'Percentage of cache device without dirty data, usable for writeback (may contain clean cached data).',
    ),
    1,
  ],
  ['congested', bcacheFamily(gauge, 'congested', 'Congestion.'), 1],
  [
    'root_usage_percent',
    bcacheFamily(
      gauge,
      'root_usage_percent',
      'Percentage of the root btree node in use (tree depth increases if too high).',
    ),
    1,
  ],
  ['tree_depth', bcacheFamily(gauge, 'tree_depth', 'Depth of the btree.'), 1],
  [
    'internal/active_journal_entries',
    bcacheFamily(gauge, 'active_journal_entries', 'Number of journal entries that are newer than the index.'),
    1,
  ],
  ['internal/btree_nodes', bcacheFamily(gauge, 'btree_nodes', 'Total nodes in the btree.'), 1],
  [
    'internal/btree_read_average_duration_us',
    bcacheFamily(gauge, 'btree_read_average_duration_seconds', 'Average btree read duration.'),
    // node_exporter takes the file's microseconds for nanoseconds
    1e-9,
  ],
  [
    'internal/cache_read_races',
    bcacheFamily(
      counter,
      'cache_read_races_total',
      'Counts instances where while data was being read from the cache, the bucket was reused and invalidated - i.e. where the pointer was stale after the read completed.',
    ),
    1,
  ],
]

const BACKING = 'backing_device'
const dirtyData = bcacheFamily(
  gauge,
  'dirty_data_bytes',
  'Amount of dirty data for this backing device in the cache.',
  BACKING,
)
/** Line of writeback_rate_debug → family. */
const WRITEBACK = {
  target: bcacheFamily(
    gauge,
    'dirty_target_bytes',
    'Current dirty data target threshold for this backing device in bytes.',
    BACKING,
  ),
  rate: bcacheFamily(gauge, 'writeback_rate', 'Current writeback rate for this backing device in bytes.', BACKING),
  proportional: bcacheFamily(
    gauge,
    'writeback_rate_proportional_term',
    'Current result of proportional controller, part of writeback rate',
    BACKING,
  ),
  integral: bcacheFamily(
    gauge,
    'writeback_rate_integral_term',
    'Current result of integral controller, part of writeback rate',
    BACKING,
  ),
  change: bcacheFamily(gauge, 'writeback_change', 'Last writeback rate change step for this backing device.', BACKING),
}
type WritebackLine = keyof typeof WRITEBACK

const backing = (name: string, help: string) => bcacheFamily(counter, `${name}_total`, help, BACKING)
const readaheads = backing('cache_readaheads', 'Count of times readahead occurred.')
/** File of stats_total → family. */
const TOTALS = [
  ['bypassed', backing('bypassed_bytes', 'Amount of IO (both reads and writes) that has bypassed the cache.')],
  ['cache_hits', backing('cache_hits', 'Hits counted per individual IO as bcache sees them.')],
  ['cache_misses', backing('cache_misses', 'Misses counted per individual IO as bcache sees them.')],
  ['cache_bypass_hits', backing('cache_bypass_hits', 'Hits for IO intended to skip the cache.')],
  ['cache_bypass_misses', backing('cache_bypass_misses', 'Misses for IO intended to skip the cache.')],
  [
    'cache_miss_collisions',
    backing(
      'cache_miss_collisions',
      'Instances where data insertion from cache miss raced with write (data already present).',
    ),
  ],
  ['cache_readaheads', readaheads],
] as const

const CACHE = 'cache_device'
/** File of a cache → family. */
const CACHES = [
  [
    'io_errors',
    bcacheFamily(gauge, 'io_errors', 'Number of errors that have occurred, decayed by io_error_halflife.', CACHE),
  ],
  [
    'metadata_written',
    bcacheFamily(
      counter,
      'metadata_written_bytes_total',
      'Sum of all non data writes (btree writes and all other metadata).',
      CACHE,
    ),
  ],
  [
    'written',
    bcacheFamily(counter, 'written_bytes_total', 'Sum of all data that has been written to the cache.', CACHE),
  ],
] as const
/** Line of priority_stats → family. */
const PRIORITY = [
  [
    'Unused',
    bcacheFamily(
      gauge,
      'priority_stats_unused_percent',
      "The percentage of the cache that doesn't contain any data.",
      CACHE,
    ),
  ],
  ['Metadata', bcacheFamily(gauge, 'priority_stats_metadata_percent', "Bcache's metadata overhead.", CACHE)],
] as const

const FOLDER = 'fs/bcache'

/** Caches of block devices. Source: admin-guide/bcache of the kernel's documentation, sections Sysfs. */
export const bcache = defineCollector({
  name: 'bcache',
  defaultEnabled: true,
  flags: {
    priority_stats: z
      .boolean()
      .default(false)
      .describe('Write how much of a cache is unused: the kernel sorts it for this.'),
  },
  families: [
    ...[...SET, ...TOTALS, ...CACHES, ...PRIORITY].map(([, one]) => one),
    ...[dirtyData, ...Object.values(WRITEBACK)],
  ],
  create: ({ priority_stats: priority }, { sys }) => ({
    *collect(samples): Steps {
      const found: [string, Sample[]][] = []
      for (const uuid of matching(sys, FOLDER, /-/))
        found.push([uuid, [...readSet(sys, `${FOLDER}/${uuid}`, priority)]])
      yield
      for (const [uuid, list] of found)
        for (const [one, value, ...device] of list) samples.emit(one, value, uuid, ...device)
    },
  }),
})

type Sample = readonly [Family, number, ...device: string[]]

function* readSet(sys: HostRoot, path: string, priority: boolean): Generator<Sample> {
  for (const [file, one, unit] of SET) yield [one, readSize(sys, `${path}/${file}`) * unit]
  for (const device of matching(sys, path, /^bdev\d/)) yield* readBacking(sys, `${path}/${device}`, device)
  for (const device of matching(sys, path, /^cache\d/)) {
    for (const [file, one] of CACHES) yield [one, readSize(sys, `${path}/${device}/${file}`), device]
    if (!priority) continue
    const lines = parseLines(sys.text(`${path}/${device}/priority_stats`))
    for (const [line, one] of PRIORITY) yield [one, parseSize((lines.get(line) ?? '0').replace(/%$/, ''), line), device]
  }
}

function* readBacking(sys: HostRoot, path: string, device: string): Generator<Sample> {
  yield [dirtyData, readSize(sys, `${path}/dirty_data`), device]
  const lines = parseLines(sys.text(`${path}/writeback_rate_debug`))
  for (const line of Object.keys(WRITEBACK) as WritebackLine[])
    yield [WRITEBACK[line], parseSize((lines.get(line) ?? '0').replace(/\/sec$/, ''), line), device]
  for (const [file, one] of TOTALS) {
    const value = readSize(sys, `${path}/stats_total/${file}`)
    // kernels since 5.1 do not count them, and node_exporter leaves out a zero
    if (one !== readaheads || value !== 0) yield [one, value, device]
  }
}

/** Last word of each `name: …` line. */
export function parseLines(text: string): Map<string, string> {
  const lines = text.split('\n').map(line => line.split(':'))
  return new Map(lines.map(([name, rest = '']) => [name.trim(), rest.trim().split(/\s+/).at(-1) ?? '']))
}

/** 0 where the kernel has no such file. */
function readSize(sys: HostRoot, path: string): number {
  return sys.has(path) ? parseSize(sys.text(path), path) : 0
}

const UNITS = 'kMGTPEZY'

/**
 * `-1.3k` → -1324: powers of 1024, where the digits behind the point count to 1024 and node_exporter takes each for
 * 1/10.24 of a unit, whatever their number. Throws ParseError.
 */
export function parseSize(text: string, path: string): number {
  const [, sign, whole, fraction, unit] = /^(-?)(\d+)(?:\.(\d+))?([kMGTPEZY]?)$/.exec(text) ?? []
  if (whole === undefined) throw new ParseError(path, 'size', text)
  const scale = unit === '' ? 1 : 1024 ** (UNITS.indexOf(unit) + 1)
  const part = fraction === undefined ? 0 : unit === '' ? Number(`0.${fraction}`) : Number(fraction) / 10.24
  const value = Math.trunc((Number(whole) + part) * scale)
  return sign === '-' ? 0 - value : value
}
