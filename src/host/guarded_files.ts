import { closeSync, read as fsRead, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../component/clock.ts'
import type { HostRoot } from './host_root.ts'

/** Enough for a number or a label: one read(2), as some drivers answer a second one with EAGAIN for ever. */
const READ_BYTES = 128
/** Descriptors that are kept open at most. */
const KEPT_FILES = 1024
/** Reads that may hang at a time: each holds one of the four threads of the pool. */
const MAX_STUCK = 2

export interface GuardedFilesOptions {
  readonly clock: Clock
  /** How long a read may take before its file counts as stuck. */
  readonly timeoutMs: number
  /** read(2) in the thread pool; by default Node's. */
  readonly read?: typeof fsRead
}

/**
 * Files of sysfs whose drivers ask a slow bus and may hang (hwmon): read in the thread pool, on kept descriptors. What does
 * not answer in time is stuck until it does; while two are, no other is read.
 */
export class GuardedFiles {
  readonly #root: HostRoot
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #read: typeof fsRead
  readonly #open = new Map<string, number>()
  readonly #busy = new Set<string>()
  readonly #stuck = new Set<string>()
  #closed = false

  constructor(root: HostRoot, { clock, timeoutMs, read = fsRead }: GuardedFilesOptions) {
    this.#root = root
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#read = read
  }

  /** A file below `folder` that does not answer, or any when too many do not. */
  stuckIn(folder: string): string | undefined {
    const names = [...this.#stuck]
    return names.length >= MAX_STUCK ? names[0] : names.find(name => name.startsWith(`${folder}/`))
  }

  /** The file's bytes; undefined when it can't be read. Rejects when it is stuck. */
  read(name: string): Promise<Buffer | undefined> {
    if (this.#busy.has(name)) return Promise.reject(new Error(`${name} does not answer`))
    const fd = this.#descriptor(name)
    if (fd === undefined) return Promise.resolve(undefined)
    const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    const cancel = this.#clock.after(this.#timeoutMs, () => {
      this.#stuck.add(name)
      reject(new Error(`${name} does not answer`))
    })
    this.#busy.add(name)
    this.#read(fd, buffer, 0, READ_BYTES, 0, (error, count) => {
      cancel()
      this.#busy.delete(name)
      this.#stuck.delete(name)
      if (error || this.#closed || !this.#root.keepsFiles || this.#open.size > KEPT_FILES) this.#close(name)
      resolve(error ? undefined : buffer.subarray(0, count))
    })
    return promise
  }

  /** Closes the files below `folder` that `names` lacks: their sensors are gone. */
  keepOnly(folder: string, names: ReadonlySet<string>): void {
    for (const name of this.#open.keys()) {
      if (name.startsWith(`${folder}/`) && !names.has(name) && !this.#busy.has(name)) this.#close(name)
    }
  }

  /** Closes all files; one that is being read when its read returns. */
  close(): void {
    this.#closed = true
    for (const name of this.#open.keys()) if (!this.#busy.has(name)) this.#close(name)
  }

  #descriptor(name: string): number | undefined {
    const known = this.#open.get(name)
    if (known !== undefined) return known
    try {
      const fd = openSync(join(this.#root.path, name), 'r')
      this.#open.set(name, fd)
      return fd
    } catch {
      return undefined
    }
  }

  #close(name: string): void {
    const fd = this.#open.get(name)
    if (fd === undefined) return
    this.#open.delete(name)
    closeSync(fd)
  }
}
