import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, type Steps } from '../collector.ts'
import { metricName } from '../metric_name.ts'
import { BCACHEFS_COUNTERS } from './bcachefs_counters.ts'

const bcachefsFamily = (type: typeof gauge, name: string, help: string, ...labels: string[]) =>
  family(type(`node_bcachefs_${name}`, help), 'uuid', ...labels)

const info = bcachefsFamily(gauge, 'info', 'Filesystem information.')
const btreeCache = bcachefsFamily(gauge, 'btree_cache_size_bytes', 'Btree cache memory usage in bytes.')
const compressed = bcachefsFamily(gauge, 'compression_compressed_bytes', 'Compressed size by algorithm.', 'algorithm')
const uncompressed = bcachefsFamily(
  gauge,
  'compression_uncompressed_bytes',
  'Uncompressed size by algorithm.',
  'algorithm',
)
const errorsTotal = bcachefsFamily(counter, 'errors_total', 'Error count by error type.', 'error_type')
const btreeWrites = bcachefsFamily(counter, 'btree_writes_total', 'Number of btree writes by type.', 'type')
const btreeWriteSize = bcachefsFamily(
  gauge,
  'btree_write_average_size_bytes',
  'Average btree write size by type.',
  'type',
)
const deviceInfo = bcachefsFamily(gauge, 'device_info', 'Device information.', 'device', 'label', 'state')
const bucketSize = bcachefsFamily(gauge, 'device_bucket_size_bytes', 'Bucket size in bytes.', 'device')
const buckets = bcachefsFamily(gauge, 'device_buckets', 'Total number of buckets.', 'device')
const durability = bcachefsFamily(gauge, 'device_durability', 'Device durability setting.', 'device')
const ioDone = bcachefsFamily(
  counter,
  'device_io_done_bytes_total',
  'IO bytes by operation type and data type.',
  ...['device', 'operation', 'data_type'],
)
const ioErrors = bcachefsFamily(counter, 'device_io_errors_total', 'IO errors by error type.', 'device', 'type')

const ofCounter = (file: string) =>
  bcachefsFamily(counter, `${metricName(file)}_total`, `Bcachefs counter ${file} since filesystem creation.`)

const FOLDER = 'fs/bcachefs'

/** Bcachefs file systems. Source: bch2_fs_files and bch2_dev_files of the file system's sysfs. */
export const bcachefs = defineCollector({
  name: 'bcachefs',
  defaultEnabled: true,
  flags: {},
  families: [
    ...[info, btreeCache, compressed, uncompressed, errorsTotal, btreeWrites, btreeWriteSize, deviceInfo, bucketSize],
    ...[buckets, durability, ioDone, ioErrors, ...BCACHEFS_COUNTERS.map(ofCounter)],
  ],
  create(_flags, { sys }) {
    const counters = new Map<string, Family>()
    const counterOf = (file: string) => {
      const known = counters.get(file) ?? ofCounter(file)
      counters.set(file, known)
      return known
    }
    return {
      *collect(samples): Steps {
        const found: [string, Sample[]][] = []
        if (!sys.exists(FOLDER)) throw new NoData(`${FOLDER} does not exist`)
        for (const uuid of sys.folders(FOLDER)) {
          const list: Sample[] = []
          found.push([uuid, list])
          for (const sample of readFilesystem(sys, `${FOLDER}/${uuid}`, counterOf)) {
            list.push(sample)
            yield
          }
        }
        if (found.length === 0) throw new NoData('no file system of this kind is mounted')
        for (const [uuid, list] of found)
          for (const [one, value, ...labels] of list) samples.emit(one, value, uuid, ...labels)
      },
    }
  },
})

type Sample = readonly [Family, number, ...labels: string[]]

/** The file's text; empty where there is none. */
const textOf = (sys: HostRoot, path: string) => (sys.has(path) ? sys.text(path) : '')

function* readFilesystem(sys: HostRoot, path: string, counterOf: (file: string) => Family): Generator<Sample> {
  yield [info, 1]
  const size = textOf(sys, `${path}/btree_cache_size`)
  yield [btreeCache, size === '' ? 0 : parseBytes(size)]
  for (const [algorithm, bytes, whole] of parseTable(textOf(sys, `${path}/compression_stats`))) {
    yield [compressed, parseBytes(bytes), algorithm]
    yield [uncompressed, parseBytes(whole), algorithm]
  }
  for (const line of textOf(sys, `${path}/errors`).split('\n')) {
    const [type, count] = line.trim().split(/\s+/)
    if (count !== undefined) yield [errorsTotal, parseCount(count), type]
  }
  const folder = `${path}/counters`
  const files = sys.exists(folder) ? sys.list(folder) : []
  for (const file of files) yield [counterOf(file), parseCounter(sys.text(`${folder}/${file}`))]
  for (const [type, count, bytes] of parseTable(textOf(sys, `${path}/btree_write_stats`))) {
    yield [btreeWrites, parseCount(count), type]
    yield [btreeWriteSize, parseBytes(bytes), type]
  }
  for (const name of sys.folders(path))
    if (name.startsWith('dev-')) yield* readDevice(sys, `${path}/${name}`, name.slice('dev-'.length))
}

function* readDevice(sys: HostRoot, path: string, device: string): Generator<Sample> {
  const [label, state, size, count, copies] = ['label', 'state', 'bucket_size', 'nbuckets', 'durability'].map(file =>
    textOf(sys, `${path}/${file}`),
  )
  yield [deviceInfo, 1, device, label, state]
  yield [bucketSize, size === '' ? 0 : parseBytes(size), device]
  yield [buckets, count === '' ? 0 : parseCount(count), device]
  yield [durability, copies === '' ? 0 : parseCount(copies), device]
  for (const [operation, type, bytes] of parseIoDone(textOf(sys, `${path}/io_done`)))
    yield [ioDone, bytes, device, operation, type]
  for (const [type, errors] of parseIoErrors(textOf(sys, `${path}/io_errors`))) yield [ioErrors, errors, device, type]
}

/** Rows below the heading: `lz4:  1.2G  3.4G  64k` → its first three words. */
export function parseTable(text: string): [string, string, string][] {
  const rows = text.split('\n').slice(1)
  return rows.flatMap(row => {
    const [name, first, second] = row.trim().split(/\s+/)
    return second === undefined ? [] : [[name.replace(/:$/, ''), first, second] as [string, string, string]]
  })
}

/** `since mount: 12` and `since filesystem creation: 3.4k` → the latter. Throws ParseError when there is neither. */
export function parseCounter(text: string): number {
  if (!/^since (mount|filesystem creation):/m.test(text)) throw new ParseError('counters', 'since', text)
  const created = /^since filesystem creation:(.*)$/m.exec(text)?.[1]
  return created === undefined ? 0 : parseBytes(created.trim())
}

/** Lines of `type : bytes` below `read:` and `write:`. */
export function parseIoDone(text: string): [operation: string, type: string, bytes: number][] {
  let operation = ''
  return text.split('\n').flatMap(line => {
    const [type, value] = splitAtColon(line)
    if (value === '' && (type === 'read' || type === 'write')) operation = type
    else if (operation !== '' && value !== undefined)
      return [[operation, type, parseCount(value)] as [string, string, number]]
    return []
  })
}

/** Lines of `type: errors` below the heading of those since the file system was made. */
export function parseIoErrors(text: string): [type: string, errors: number][] {
  const lines = text.split('\n')
  const heading = lines.findIndex(line => line.startsWith('IO errors since filesystem creation'))
  if (heading < 0) return []
  const next = lines.findIndex((line, i) => i > heading && line.startsWith('IO errors since '))
  return lines.slice(heading + 1, next < 0 ? undefined : next).flatMap(line => {
    const [type, value] = splitAtColon(line)
    return value === undefined ? [] : [[type, parseCount(value)] as [string, number]]
  })
}

function splitAtColon(line: string): [string, string | undefined] {
  const colon = line.indexOf(':')
  return colon < 0 ? [line.trim(), undefined] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}

/** Throws ParseError. */
function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new ParseError('bcachefs', 'count', text)
  return Number(text)
}

/** `1.5M` → 1572864: powers of 1024, cut to whole bytes. Throws ParseError. */
export function parseBytes(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmgtpe]?)$/i.exec(text) ?? []
  if (number === undefined) throw new ParseError('bcachefs', 'size', text)
  return Math.trunc(Number(number) * 1024 ** ('kmgtpe'.indexOf(unit.toLowerCase() || ' ') + 1))
}
