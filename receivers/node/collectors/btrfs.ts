import { readAttribute, tryAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { matching } from '../sysfs_class.ts'

const btrfsFamily = (type: typeof gauge, name: string, help: string, ...labels: string[]) =>
  family(type(`node_btrfs_${name}`, help), 'uuid', ...labels)

const info = btrfsFamily(gauge, 'info', 'Filesystem information', 'label')
const globalReserve = btrfsFamily(gauge, 'global_rsv_size_bytes', 'Size of global reserve.')
const commits = btrfsFamily(counter, 'commits_total', 'The total number of commits that have occurred.')
const lastCommit = btrfsFamily(gauge, 'last_commit_seconds', 'Duration of the most recent commit, in seconds.')
const maxCommit = btrfsFamily(gauge, 'max_commit_seconds', 'Duration of the slowest commit, in seconds.')
const commitSeconds = btrfsFamily(counter, 'commit_seconds_total', 'Sum of the duration of all commits, in seconds.')
const reserved = btrfsFamily(gauge, 'reserved_bytes', 'Amount of space reserved for a data type', 'block_group_type')
const LAYOUT = ['block_group_type', 'mode']
const used = btrfsFamily(gauge, 'used_bytes', 'Amount of used space by a layout/data type', ...LAYOUT)
const size = btrfsFamily(gauge, 'size_bytes', 'Amount of space allocated for a layout/data type', ...LAYOUT)
const ratio = btrfsFamily(gauge, 'allocation_ratio', 'Data allocation ratio for a layout/data type', ...LAYOUT)
const deviceSize = btrfsFamily(gauge, 'device_size_bytes', 'Size of a device that is part of the filesystem.', 'device')

const FOLDER = 'fs/btrfs'
const SECTOR_BYTES = 512
const BLOCK_GROUPS = ['data', 'metadata', 'system']

/** Btrfs file systems, as far as sysfs tells. Source: ch-sysfs of the btrfs documentation. */
export const btrfs = defineCollector({
  name: 'btrfs',
  defaultEnabled: true,
  flags: {},
  families: [
    ...[info, globalReserve, commits, lastCommit, maxCommit, commitSeconds, reserved, used, size, ratio, deviceSize],
  ],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const found: Filesystem[] = []
      for (const name of matching(sys, FOLDER, /-/)) {
        found.push(readFilesystem(sys, `${FOLDER}/${name}`, name))
        yield
      }
      for (const one of found) write(samples, one)
    },
  }),
})

interface Filesystem {
  readonly uuid: string
  readonly label: string
  readonly globalReserve: number
  readonly commits: Commits
  readonly groups: readonly { readonly type: string; readonly reserved: number; readonly layouts: readonly Layout[] }[]
  readonly devices: readonly { readonly name: string; readonly bytes: number }[]
}
interface Layout {
  readonly mode: string
  readonly used: number
  readonly total: number
  readonly ratio: number
}

function readFilesystem(sys: HostRoot, path: string, name: string): Filesystem {
  const count = (file: string) => parseCount(tryAttribute(sys, `${path}/${file}`))
  const devices = sys.list(`${path}/devices`).map(device => ({
    name: device,
    bytes: count(`devices/${device}/size`) * SECTOR_BYTES,
  }))
  const groups = BLOCK_GROUPS.map(type => {
    const folder = `allocation/${type}`
    const layouts = sys.folders(`${path}/${folder}`).map(mode => ({
      mode,
      used: count(`${folder}/${mode}/used_bytes`),
      total: count(`${folder}/${mode}/total_bytes`),
      ratio: allocationRatio(mode, devices.length),
    }))
    return { type, reserved: count(`${folder}/bytes_reserved`), layouts }
  })
  return {
    uuid: tryAttribute(sys, `${path}/metadata_uuid`) || name,
    label: tryAttribute(sys, `${path}/label`) ?? '',
    globalReserve: count('allocation/global_rsv_size'),
    commits: parseCommits(sys.has(`${path}/commit_stats`) ? readAttribute(sys, `${path}/commit_stats`) : ''),
    groups,
    devices,
  }
}

/** 0 for what is no number or is not there. */
function parseCount(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0
}

/** Bytes on disk for a byte of data; 0 for profiles that are not known. */
export function allocationRatio(mode: string, devices: number): number {
  const copies = { single: 1, raid0: 1, dup: 2, raid1: 2, raid10: 2, raid1c3: 3, raid1c4: 4 }[mode]
  if (copies !== undefined) return copies
  const parity = { raid5: 1, raid6: 2 }[mode]
  return parity === undefined ? 0 : devices / (devices - parity)
}

const COMMITS = ['commits', 'last_commit_ms', 'max_commit_ms', 'total_commit_ms'] as const
type Commits = Record<(typeof COMMITS)[number], number>

/** `commits 3`, a line each; 0 for what a kernel before 6.1 does not count. Throws ParseError. */
export function parseCommits(text: string): Commits {
  const found: Commits = { commits: 0, last_commit_ms: 0, max_commit_ms: 0, total_commit_ms: 0 }
  for (const line of text.split('\n').filter(one => one !== '')) {
    const [, name, value] = /^\s*(\S+)\s+(\d+)\s*$/.exec(line) ?? []
    if (name === undefined) throw new ParseError('commit_stats', 'line', line)
    if ((COMMITS as readonly string[]).includes(name)) found[name as keyof Commits] = Number(value)
  }
  return found
}

function write(samples: Samples, one: Filesystem): void {
  const { uuid } = one
  samples.emit(info, 1, uuid, one.label)
  samples.emit(globalReserve, one.globalReserve, uuid)
  samples.emit(commits, one.commits.commits, uuid)
  samples.emit(lastCommit, one.commits.last_commit_ms / 1000, uuid)
  samples.emit(maxCommit, one.commits.max_commit_ms / 1000, uuid)
  samples.emit(commitSeconds, one.commits.total_commit_ms / 1000, uuid)
  for (const group of one.groups) {
    samples.emit(reserved, group.reserved, uuid, group.type)
    for (const layout of group.layouts) {
      samples.emit(used, layout.used, uuid, group.type, layout.mode)
      samples.emit(size, layout.total, uuid, group.type, layout.mode)
      samples.emit(ratio, layout.ratio, uuid, group.type, layout.mode)
    }
  }
  for (const { name, bytes } of one.devices) samples.emit(deviceSize, bytes, uuid, name)
}
