import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Zone, zoneByRules } from './posix_tz.ts'

const UTC: Zone = { name: 'UTC', offset: 0 }
const HEADER_BYTES = 44
const ZONE_FOLDERS = ['/usr/share/zoneinfo', '/usr/share/lib/zoneinfo', '/usr/lib/locale/TZ', '/etc/zoneinfo']

/** The local time zone of a process whose environment says `tz`: a name, a path, empty for UTC, undefined for /etc/localtime. */
export function localZone(tz: string | undefined): (unixSeconds: number) => Zone {
  const name = tz?.replace(/^:/, '')
  if (name === '' || name === 'UTC') return () => UTC
  const paths =
    name === undefined ? ['/etc/localtime'] : name.startsWith('/') ? [name] : ZONE_FOLDERS.map(dir => join(dir, name))
  for (const path of paths) {
    const find = readZone(path)
    if (find) return find
  }
  return () => UTC
}

function readZone(path: string): ((unixSeconds: number) => Zone) | undefined {
  try {
    return parseTzif(readFileSync(path))
  } catch {
    return undefined
  }
}

/** A compiled time zone, TZif of version 1 to 4 (RFC 9636). Throws RangeError when it is none. */
export function parseTzif(file: Buffer): (unixSeconds: number) => Zone {
  if (file.toString('latin1', 0, 4) !== 'TZif') throw new RangeError('no TZif file')
  const version = file[4]
  const narrow = readBlock(file, 0, 4)
  if (version === 0) return unixSeconds => zoneAt(narrow, '', unixSeconds)
  const wide = readBlock(file, narrow.end, 8)
  const rules = file.toString('latin1', wide.end).split('\n')[1] ?? ''
  return unixSeconds => zoneAt(wide, rules, unixSeconds)
}

interface Block {
  readonly times: readonly number[]
  /** Index into `zones` from the transition at the same place in `times` on. */
  readonly types: readonly number[]
  readonly zones: readonly Zone[]
  readonly end: number
}

// header: magic 4, version 1, reserved 15, counts of isut, isstd, leap, time, type, char: 4 each; then, in the order of the
// file: transition times, their types (1 each), types (offset 4, isdst 1, index of name 1), names, leap seconds, isstd, isut.
function readBlock(file: Buffer, at: number, timeBytes: 4 | 8): Block {
  const [isut, isstd, leap, timeCount, typeCount, charCount] = [0, 1, 2, 3, 4, 5].map(i =>
    file.readUInt32BE(at + 20 + i * 4),
  )
  const typesAt = at + HEADER_BYTES + timeCount * timeBytes
  const zonesAt = typesAt + timeCount
  const namesAt = zonesAt + typeCount * 6
  const time = (i: number) => {
    const place = at + HEADER_BYTES + i * timeBytes
    return timeBytes === 4 ? file.readInt32BE(place) : Number(file.readBigInt64BE(place))
  }
  const zone = (i: number): Zone => {
    const place = zonesAt + i * 6
    const nameAt = namesAt + file[place + 5]
    return { offset: file.readInt32BE(place), name: file.toString('latin1', nameAt, file.indexOf(0, nameAt)) }
  }
  return {
    times: Array.from({ length: timeCount }, (_, i) => time(i)),
    types: [...file.subarray(typesAt, typesAt + timeCount)],
    zones: Array.from({ length: typeCount }, (_, i) => zone(i)),
    end: namesAt + charCount + leap * (timeBytes + 4) + isstd + isut,
  }
}

function zoneAt({ times, types, zones }: Block, rules: string, unixSeconds: number): Zone {
  const after = times.findLastIndex(time => time <= unixSeconds)
  if (after === times.length - 1) {
    const byRules = rules === '' ? undefined : zoneByRules(rules, unixSeconds)
    if (byRules) return byRules
  }
  return zones[after < 0 ? 0 : types[after]] ?? UTC
}
