import type { HostRoot } from './host_root.ts'
import { ParseError } from './parse_error.ts'

/** One mount, as proc_pid_mountinfo(5) has it. */
export interface Mount {
  readonly major: number
  readonly minor: number
  /** As labels show it: `\040` and `\011` are a blank and a tab, other escapes stay. */
  readonly mountPoint: string
  /** As the file system has it: every escape undone. */
  readonly path: string
  readonly fsType: string
  readonly source: string
  /** By the options of the mount or of its superblock. */
  readonly readOnly: boolean
}

const MIN_FIELDS = 10
const ESCAPE = /\\([0-7]{3})/g
const READ_ONLY = new Set(['ro'])
const SUPER_READ_ONLY = new Set(['ro', 'emergency_ro'])

/**
 * `36 35 98:0 /root /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue`, one line a mount.
 * Throws ParseError for a line that lacks fields.
 */
export function parseMountInfo(text: string, file = 'mountinfo'): Mount[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => parseMount(line, file))
}

function parseMount(line: string, file: string): Mount {
  const fields = line.split(' ')
  const tail = fields.length - 4
  if (fields.length < MIN_FIELDS || fields[tail] !== '-') throw new ParseError(file, 'separator', line)
  const device = /^(\d+):(\d+)$/.exec(fields[2])
  if (!device) throw new ParseError(file, 'major:minor', fields[2])
  return {
    major: Number(device[1]),
    minor: Number(device[2]),
    mountPoint: fields[4].replaceAll('\\040', ' ').replaceAll('\\011', '\t'),
    path: fields[4].replace(ESCAPE, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    fsType: fields[tail + 1],
    source: fields[tail + 2],
    readOnly: has(fields[5], READ_ONLY) || has(fields[tail + 3], SUPER_READ_ONLY),
  }
}

function has(options: string, wanted: ReadonlySet<string>): boolean {
  return options.split(',').some(option => wanted.has(option))
}

/** Reads the mounts that the host's first process sees, or our own where hidepid conceals it; parses only what changed. */
export class MountReader {
  readonly #proc: HostRoot
  #bytes = Buffer.alloc(0)
  #mounts: readonly Mount[] = []

  constructor(proc: HostRoot) {
    this.#proc = proc
  }

  /** Throws what open(2) said, or ParseError. */
  read(): readonly Mount[] {
    const bytes = this.#readBytes()
    if (!bytes.equals(this.#bytes)) {
      // A run of bytes that are not UTF-8 is one replacement character, as in Go.
      this.#mounts = parseMountInfo(bytes.toString('utf8').replace(/\uFFFD+/g, '\uFFFD'))
      this.#bytes = Buffer.from(bytes)
    }
    return this.#mounts
  }

  #readBytes(): Buffer {
    try {
      return this.#proc.read('1/mountinfo')
    } catch (error) {
      const own = this.#proc.tryRead('self/mountinfo')
      if (!own) throw error
      return own
    }
  }
}
