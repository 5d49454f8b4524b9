import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge, untyped } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, type Samples, type Steps } from '../collector.ts'

const FOLDER = 'spl/kstat/zfs'

/** Files of the module as a whole: by the part that they have in names of families. */
const FILES: Readonly<Record<string, string>> = {
  zfs_abd: 'abdstats',
  zfs_arc: 'arcstats',
  zfs_dbuf: 'dbufstats',
  zfs_dmu_tx: 'dmu_tx',
  zfs_dnode: 'dnodestats',
  zfs_fm: 'fm',
  zfs_vdev_cache: 'vdev_cache_stats',
  zfs_vdev_mirror: 'vdev_mirror_stats',
  zfs_xuio: 'xuio_stats',
  zfs_zfetch: 'zfetchstats',
  zfs_zil: 'zil',
}
const POOL_STATES = ['online', 'degraded', 'faulted', 'offline', 'removed', 'unavail', 'suspended']
const poolState = family(gauge('node_zfs_zpool_state', 'kstat.zfs.misc.state'), 'zpool', 'state')

/** KSTAT_DATA_* of OpenZFS' sys/kstat.h; values of other types are texts. */
const INT64 = '3'
const UINT64 = '4'

/** `hits` of arcstats: family node_zfs_arc_hits, help text kstat.zfs.misc.arcstats.hits. */
function kstatFamily(subsystem: string, file: string, field: string, ...labels: string[]): Family {
  const name = field.slice(field.lastIndexOf('.') + 1).replaceAll('-', '_')
  return family(untyped(`node_${subsystem}_${name}`, `kstat.zfs.misc.${file}.${field}`), ...labels)
}

/** ZFS. Source: /proc/spl/kstat/zfs, OpenZFS' module/zfs/spa_stats.c and arc.c. */
export const zfs = defineCollector({
  name: 'zfs',
  defaultEnabled: true,
  flags: {},
  families: [poolState],
  create(_flags, { proc }) {
    const series = new Map<string, ByteMap<SeriesHandle>>()
    const seriesOf = (key: string) => {
      const known = series.get(key) ?? new ByteMap<SeriesHandle>()
      series.set(key, known)
      return known
    }
    const families = new Map<string, Family>()
    const familyOf = (subsystem: string, file: string, field: string, ...labels: string[]) => {
      const key = `${subsystem}.${field}`
      const known = families.get(key) ?? kstatFamily(subsystem, file, field, ...labels)
      families.set(key, known)
      return known
    }

    function* writeModule(samples: Samples): Steps {
      for (const [subsystem, file] of Object.entries(FILES)) {
        const bytes = proc.find(`${FOLDER}/${file}`)
        if (!bytes) continue
        const handles = seriesOf(file)
        for (const stat of parseKstats(bytes, file)) {
          const make = () => samples.series(familyOf(subsystem, file, stat.reader.text))
          samples.put(handles.get(bytes, stat.reader.start, stat.reader.stop, make), stat.read())
        }
        yield
      }
    }
    const writeIo = (samples: Samples, pool: string, bytes: Buffer) => {
      for (const [field, value] of parsePoolIo(bytes))
        samples.emit(familyOf('zfs_zpool', 'io', field, 'zpool'), value, pool)
    }
    const writeObjset = (samples: Samples, pool: string, bytes: Buffer) => {
      const handles = seriesOf(`${pool} ${parseDataset(bytes)}`)
      for (const stat of parseKstats(bytes, 'objset', UINT64)) {
        const make = () =>
          samples.series(
            familyOf('zfs_zpool_dataset', 'objset', stat.reader.text, 'zpool', 'dataset'),
            pool,
            parseDataset(bytes),
          )
        samples.put(handles.get(bytes, stat.reader.start, stat.reader.stop, make), stat.read())
      }
    }
    function* writePools(samples: Samples): Steps {
      const pools = proc.list(FOLDER).map(pool => ({ pool, path: `${FOLDER}/${pool}` }))
      for (const { pool, path } of pools) {
        const io = proc.find(`${path}/io`)
        if (io) writeIo(samples, pool, io)
      }
      for (const { pool, path } of pools) {
        const isPool = proc.exists(`${path}/io`) || proc.exists(`${path}/state`)
        for (const name of isPool ? proc.list(path) : []) {
          if (!name.startsWith('objset-')) continue
          const bytes = proc.find(`${path}/${name}`)
          if (bytes) writeObjset(samples, pool, bytes)
          yield
        }
      }
      for (const { pool, path } of pools) {
        const found = proc.find(`${path}/state`)?.toString('utf8').split('\n')[0].toLowerCase()
        if (found === undefined) continue
        for (const state of POOL_STATES) samples.emit(poolState, state === found ? 1 : 0, pool, state)
      }
    }
    return {
      *collect(samples): Steps {
        if (!proc.exists(FOLDER)) throw new NoData('ZFS is not loaded')
        yield* writeModule(samples)
        yield* writePools(samples)
      },
    }
  },
})

interface Kstat {
  /** Stands at the name while the caller has the item. */
  readonly reader: FieldReader
  read(): number
}

/** `name type data`, then `hits  4  8772612`, one line a value. Throws ParseError, also for a file without the heading. */
export function* parseKstats(bytes: Buffer, file: string, only?: string): Generator<Kstat> {
  const reader = new FieldReader(file, bytes)
  let isHeaded = false
  const name = { start: 0, stop: 0 }
  let value = 0
  const stat = { reader, read: () => value }
  while (reader.nextLine()) {
    if (!isHeaded) {
      isHeaded = /^name\s+type\s+data\s*$/.test(reader.rest)
      continue
    }
    reader.next()
    name.start = reader.start
    name.stop = reader.stop
    if (!reader.next() || !reader.hasNext) continue
    const isUnsigned = reader.is(UINT64)
    if (!isUnsigned && (only !== undefined || !reader.is(INT64))) continue
    value = isUnsigned ? reader.number(file) : reader.signed(file)
    Object.assign(reader, name)
    yield stat
  }
  if (!isHeaded) throw new ParseError(file, 'heading', bytes.toString('latin1', 0, 40))
}

/** `nread nwritten reads …` and a line of values below, under a heading. Throws ParseError. */
export function parsePoolIo(bytes: Buffer): [string, number][] {
  const lines = bytes.toString('latin1').split('\n')
  const at = lines.findIndex(line => /^nread(\s+\S+){11,}\s*$/.test(line))
  if (at < 0) return []
  const values = (lines[at + 1] ?? '').trim().split(/\s+/)
  const names = lines[at].trim().split(/\s+/)
  return names.map((name, i) => {
    if (!/^\d+$/.test(values[i] ?? '')) throw new ParseError('io', name, values[i] ?? '')
    return [name, Number(values[i])]
  })
}

/** The data set that a file is of, which may have blanks in its name. */
function parseDataset(bytes: Buffer): string {
  return /^dataset_name\s+\d+\s+(.*)$/m.exec(bytes.toString('utf8'))?.[1] ?? ''
}
