import { closeSync, existsSync, openSync, readdirSync, readSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { ParseError } from './parse_error.ts'

/** statfs(2) types of the two file systems whose files are made anew by every read from position 0. */
const PROC_SUPER_MAGIC = 0x9fa0
const SYSFS_MAGIC = 0x62656572

/** A file of sysfs is at most a page and comes whole in one read; one of procfs ends where a read gives nothing. */
const SYSFS_READ_BYTES = 4096

/** Bytes of one step of `readInSteps`. */
const STEP_BYTES = 1 << 15

/** Descriptors that one root keeps open at most. */
const KEPT_FILES = 512
/** Turns after which a file that nobody reads is closed: its device is gone. */
const IDLE_TURNS = 8

interface KeptFile {
  fd: number
  turn: number
  /** What `shared` read in `sharedTurn`. */
  shared?: Buffer
  sharedTurn: number
}

/**
 * A folder of kernel files: /proc, /sys, or where a container sees those of its host. On a real procfs or sysfs a file is
 * opened once and read again from position 0 (2 µs against 13 for open, read and close); elsewhere, in a recorded tree, it
 * is opened each time. All calls are synchronous: what may hang is read elsewhere.
 */
export class HostRoot {
  readonly path: string
  readonly #files = new Map<string, KeptFile>()
  #scratch = Buffer.allocUnsafeSlow(1 << 16)
  #type: number | undefined
  #turn = 0
  #closed = false

  constructor(path: string) {
    this.path = path
  }

  /** Begins a turn: `shared` reads anew, files that were not read for some turns are closed. */
  nextTurn(): void {
    this.#turn++
    if (this.#turn % IDLE_TURNS !== 0) return
    for (const [name, file] of this.#files) if (this.#turn - file.turn >= IDLE_TURNS) this.#forget(name, file)
  }

  /** The file's bytes: a view that is valid until the next call. Throws what open(2) or read(2) said. */
  read(name: string): Buffer {
    if (this.#closed) throw new Error(`${this.path} is closed`)
    if (!this.#isKernels()) return this.readOnce(name)
    const known = this.#files.get(name)
    if (known) {
      known.turn = this.#turn
      try {
        return this.#fill(known.fd)
      } catch {
        // ESRCH, ENODEV, ENOTCONN: what the descriptor stood for is gone; by its name there may be another one.
        this.#forget(name, known)
      }
    }
    if (this.#files.size >= KEPT_FILES) return this.readOnce(name)
    const file: KeptFile = { fd: openSync(join(this.path, name), 'r'), turn: this.#turn, sharedTurn: -1 }
    this.#files.set(name, file)
    return this.#fill(file.fd)
  }

  /** As `read`, once a turn for all who ask; the bytes stay valid until the turn ends. */
  shared(name: string): Buffer {
    const known = this.#files.get(name)
    if (known?.shared && known.sharedTurn === this.#turn) return known.shared
    const bytes = Buffer.from(this.read(name))
    const file = this.#files.get(name)
    if (file) {
      file.shared = bytes
      file.sharedTurn = this.#turn
    }
    return bytes
  }

  /** As `read`; undefined when there is no such file, or the device that it is of does not answer. */
  tryRead(name: string): Buffer | undefined {
    // existsSync: a failed open costs 17 µs, most of it for making the error
    if (!this.has(name)) return undefined
    try {
      return this.read(name)
    } catch {
      return undefined
    }
  }

  /** As `read`; undefined when there is no such file. */
  find(name: string): Buffer | undefined {
    return this.#files.has(name) || this.exists(name) ? this.read(name) : undefined
  }

  /** As `read`, without keeping the file open: for those of processes, which are many and go. */
  readOnce(name: string): Buffer {
    const fd = openSync(join(this.path, name), 'r')
    try {
      return this.#fill(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** A file that may be long, a piece a step; what it returns is the reader's own. Throws as `read` does. */
  *readInSteps(name: string): Generator<undefined, Buffer> {
    const fd = openSync(join(this.path, name), 'r')
    try {
      const pieces: Buffer[] = []
      for (;;) {
        const piece = Buffer.allocUnsafe(STEP_BYTES)
        const count = readSync(fd, piece, 0, STEP_BYTES, null)
        if (count === 0) return Buffer.concat(pieces)
        pieces.push(piece.subarray(0, count))
        yield
      }
    } finally {
      closeSync(fd)
    }
  }

  /** The file's text without blanks around it. */
  text(name: string): string {
    return this.read(name).toString('utf8').trim()
  }

  /** As `tryRead`, for files with one unsigned number; undefined when it holds something else. */
  tryNumber(name: string): number | undefined {
    const text = this.tryRead(name)?.toString('latin1').trim()
    return text && /^\d+$/.test(text) ? Number(text) : undefined
  }

  /** The one unsigned number that the file holds. Throws as `read` does, and ParseError. */
  number(name: string): number {
    const text = this.text(name)
    if (!/^\d+$/.test(text)) throw new ParseError(name, 'number', text)
    return Number(text)
  }

  /** Whether an open file can be read again: its content is the kernel's, made anew each time. */
  get keepsFiles(): boolean {
    return this.#isKernels()
  }

  exists(name: string): boolean {
    return existsSync(join(this.path, name))
  }

  /** Whether a file of this name is open already or there. */
  has(name: string): boolean {
    return this.#files.has(name) || this.exists(name)
  }

  /** Names in a folder, sorted as Go's filepath.Glob gives them. */
  list(name: string): string[] {
    return readdirSync(join(this.path, name)).sort()
  }

  /** Names of the folders in a folder, sorted; a link to one is none. */
  folders(name: string): string[] {
    const entries = readdirSync(join(this.path, name), { withFileTypes: true })
    return entries.flatMap(entry => (entry.isDirectory() ? [entry.name] : [])).sort()
  }

  close(): void {
    this.#closed = true
    for (const [name, file] of this.#files) this.#forget(name, file)
  }

  #forget(name: string, file: KeptFile): void {
    this.#files.delete(name)
    closeSync(file.fd)
  }

  /** Reads from position 0 until nothing comes: a short read is no end, seq_file hands out lines by the page. */
  #fill(fd: number): Buffer {
    let size = 0
    for (;;) {
      if (size === this.#scratch.length) {
        const bigger = Buffer.allocUnsafeSlow(size * 2)
        this.#scratch.copy(bigger)
        this.#scratch = bigger
      }
      const count = readSync(fd, this.#scratch, size, this.#scratch.length - size, size)
      if (count === 0) return this.#scratch.subarray(0, size)
      size += count
      if (this.#type === SYSFS_MAGIC && count < SYSFS_READ_BYTES) return this.#scratch.subarray(0, size)
    }
  }

  #isKernels(): boolean {
    this.#type ??= fsType(this.path)
    return this.#type === PROC_SUPER_MAGIC || this.#type === SYSFS_MAGIC
  }
}

function fsType(path: string): number {
  try {
    return statfsSync(path).type
  } catch {
    return 0
  }
}
