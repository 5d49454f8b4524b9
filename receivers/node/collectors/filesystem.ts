import { join } from 'node:path'
import { duration, regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { FsProcess } from '../../../src/host/fs_process.ts'
import { type Mount, MountReader } from '../../../src/host/mounts.ts'
import { type FsStats, mayHang, readFsStats } from '../../../src/host/statfs.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { bothSet, NameFilter } from '../name_filter.ts'

const DEFAULT_MOUNT_POINTS_EXCLUDE =
  '^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)'
const DEFAULT_FS_TYPES_EXCLUDE =
  '^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$'

const filesystemFamily = (name: string, help: string): Family =>
  family(gauge(`node_filesystem_${name}`, help), 'device', 'mountpoint', 'fstype', 'device_error')

const deviceError = filesystemFamily(
  'device_error',
  'Whether an error occurred while getting statistics for the given device.',
)
const readonly = filesystemFamily('readonly', 'Filesystem read-only status.')
const size = filesystemFamily('size_bytes', 'Filesystem size in bytes.')
const free = filesystemFamily('free_bytes', 'Filesystem free space in bytes.')
const avail = filesystemFamily('avail_bytes', 'Filesystem space available to non-root users in bytes.')
const files = filesystemFamily('files', 'Filesystem total file nodes.')
const filesFree = filesystemFamily('files_free', 'Filesystem total free file nodes.')
/** Of macOS; node_exporter 1.12 writes it as 0 everywhere. */
const purgeable = filesystemFamily(
  'purgeable_bytes',
  'Filesystem space available including purgeable space (MacOS specific).',
)
const mountInfo = family(
  gauge('node_filesystem_mount_info', 'Filesystem mount information.'),
  ...['device', 'major', 'minor', 'mountpoint'],
)

/** Space of mounted file systems. Sources: proc_pid_mountinfo(5), statfs(2). */
export const filesystem = defineCollector({
  name: 'filesystem',
  defaultEnabled: true,
  flags: {
    mount_points_exclude: regex()
      .default(new LazyRegex(DEFAULT_MOUNT_POINTS_EXCLUDE))
      .describe('Mount points to leave out. Gives way to `mount_points_include`.'),
    mount_points_include: regex().optional().describe('Mount points to take, and no others.'),
    fs_types_exclude: regex()
      .default(new LazyRegex(DEFAULT_FS_TYPES_EXCLUDE))
      .describe('File system types to leave out. Gives way to `fs_types_include`.'),
    fs_types_include: regex().optional().describe('File system types to take, and no others.'),
    mount_timeout: duration()
      .default(5000)
      .describe('How long a network or fuse mount may take to answer before it counts as stuck.'),
  },
  families: [deviceError, readonly, size, free, avail, files, filesFree, purgeable, mountInfo],
  problems: flags => [
    ...bothSet(
      ['mount_points_exclude', flags.mount_points_exclude],
      ['mount_points_include', flags.mount_points_include],
      DEFAULT_MOUNT_POINTS_EXCLUDE,
    ),
    ...bothSet(
      ['fs_types_exclude', flags.fs_types_exclude],
      ['fs_types_include', flags.fs_types_include],
      DEFAULT_FS_TYPES_EXCLUDE,
    ),
  ],
  create(flags, { proc, rootfs, clock }) {
    const mounts = new MountReader(proc)
    const mountPoints = new NameFilter(
      flags.mount_points_exclude,
      flags.mount_points_include,
      DEFAULT_MOUNT_POINTS_EXCLUDE,
    )
    const fsTypes = new NameFilter(flags.fs_types_exclude, flags.fs_types_include, DEFAULT_FS_TYPES_EXCLUDE)
    const process = new FsProcess({ clock, timeoutMs: flags.mount_timeout })
    const wanted = (mount: Mount) => !mountPoints.ignores(mount.mountPoint) && !fsTypes.ignores(mount.fsType)
    return {
      *collect(samples): Steps {
        const asked: Mount[] = []
        for (const mount of distinct(
          mounts
            .read()
            .map(mount => belowRoot(mount, rootfs))
            .filter(wanted),
        )) {
          if (mayHang(mount.fsType)) asked.push(mount)
          else writeMount(samples, mount, readFsStats(join(rootfs, mount.path)))
          yield
        }
        let stats: ReadonlyMap<string, FsStats> = new Map()
        const answers = process.ask(asked.map(mount => join(rootfs, mount.path)))
        if (asked.length > 0) {
          yield answers.then(found => {
            stats = found
          })
        }
        for (const mount of asked) writeMount(samples, mount, stats.get(join(rootfs, mount.path)) ?? NO_ANSWER)
      },
      close: () => process.close(),
    }
  },
})
const NO_ANSWER: FsStats = { error: 'no answer' }

/** What is mounted below `rootfs`, where a container sees its host's root, as the host sees it. */
export function belowRoot(mount: Mount, rootfs: string): Mount {
  const root = rootfs.replace(/\/+$/, '')
  if (root === '' || !`${mount.mountPoint}/`.startsWith(`${root}/`)) return mount
  const strip = (path: string) => path.slice(root.length) || '/'
  return { ...mount, mountPoint: strip(mount.mountPoint), path: strip(mount.path) }
}

/** Each series once: the same device over the same mount point is one, whatever was mounted there how many times. */
function distinct(mounts: readonly Mount[]): Mount[] {
  const byKey = new Map<string, Mount>()
  for (const mount of mounts) {
    const key = `${mount.source}\u0000${mount.mountPoint}\u0000${mount.fsType}`
    if (!byKey.has(key)) byKey.set(key, mount)
  }
  return [...byKey.values()]
}

function writeMount(samples: Samples, mount: Mount, stats: FsStats): void {
  const error = 'error' in stats ? stats.error : ''
  const labels = [mount.source, mount.mountPoint, mount.fsType, error] as const
  samples.emit(deviceError, error ? 1 : 0, ...labels)
  samples.emit(readonly, mount.readOnly ? 1 : 0, ...labels)
  if ('error' in stats) return
  samples.emit(size, stats.size, ...labels)
  samples.emit(free, stats.free, ...labels)
  samples.emit(avail, stats.avail, ...labels)
  samples.emit(files, stats.files, ...labels)
  samples.emit(filesFree, stats.filesFree, ...labels)
  samples.emit(purgeable, 0, ...labels)
  samples.emit(mountInfo, 1, mount.source, String(mount.major), String(mount.minor), mount.mountPoint)
}
