import { type StatsFs, statfsSync } from 'node:fs'

/** What statfs(2) says of a mount, in bytes and inodes; or why it said nothing, in strerror's words. */
export type FsStats =
  | {
      readonly size: number
      readonly free: number
      readonly avail: number
      readonly files: number
      readonly filesFree: number
    }
  | { readonly error: string }

/** statfs(2), at once: for file systems that answer from memory. */
export function readFsStats(path: string): FsStats {
  try {
    return fsStats(statfsSync(path))
  } catch (error) {
    return { error: errnoText(error) }
  }
}

export function fsStats({ bsize, blocks, bfree, bavail, files, ffree }: StatsFs): FsStats {
  return { size: blocks * bsize, free: bfree * bsize, avail: bavail * bsize, files, filesFree: ffree }
}

/** File systems whose statfs(2) reads memory of this kernel and never waits for a server or a process. */
const LOCAL_TYPES = new Set(
  `adfs affs aufs autofs bcachefs befs bfs binfmt_misc bpf btrfs cgroup cgroup2 configfs cramfs debugfs devpts devtmpfs ecryptfs
  efivarfs erofs exfat ext2 ext3 ext4 f2fs fusectl hfs hfsplus hpfs hugetlbfs iso9660 jffs2 jfs minix mqueue nilfs2 nsfs ntfs
  ntfs3 omfs overlay proc procfs pstore ramfs reiserfs resctrl romfs rootfs rpc_pipefs securityfs selinuxfs smackfs squashfs sysfs
  sysv tmpfs tracefs ubifs udf ufs vfat xfs zfs zonefs`.split(/\s+/),
)

/** Whether statfs(2) of such a mount may hang: network file systems, fuse, and all that we do not know. */
export function mayHang(fsType: string): boolean {
  return !LOCAL_TYPES.has(fsType)
}

/** The C library's words where libuv has others, by error code. */
const ERRNO_TEXTS: Record<string, string> = {
  EACCES: 'permission denied',
  EAGAIN: 'resource temporarily unavailable',
  EBADF: 'bad file descriptor',
  EFAULT: 'bad address',
  EHOSTDOWN: 'host is down',
  EHOSTUNREACH: 'no route to host',
  EINTR: 'interrupted system call',
  EINVAL: 'invalid argument',
  EIO: 'input/output error',
  ELOOP: 'too many levels of symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  ENETDOWN: 'network is down',
  ENETUNREACH: 'network is unreachable',
  ENFILE: 'too many open files in system',
  ENODEV: 'no such device',
  ENOENT: 'no such file or directory',
  ENOMEM: 'cannot allocate memory',
  ENOSYS: 'function not implemented',
  ENOTCONN: 'transport endpoint is not connected',
  ENOTDIR: 'not a directory',
  ENXIO: 'no such device or address',
  EOVERFLOW: 'value too large for defined data type',
  EPERM: 'operation not permitted',
  EREMOTEIO: 'remote I/O error',
  ESTALE: 'stale file handle',
  ETIMEDOUT: 'connection timed out',
}

/** Numbers of the errors that libuv has no name for. */
const UNNAMED: Record<number, string> = { 116: 'ESTALE', 117: 'EUCLEAN', 121: 'EREMOTEIO' }

/** strerror(3) of a failed call: what node_exporter shows in `device_error`. */
export function errnoText(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException
  const name = code && code in ERRNO_TEXTS ? code : UNNAMED[Math.abs(errno ?? 0)]
  return ERRNO_TEXTS[name ?? ''] ?? message ?? String(error)
}
