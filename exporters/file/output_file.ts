import { type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../src/component/clock.ts'
import { errorMessage, MisconfiguredError } from '../../src/component/errors.ts'
import type { Logger } from '../../src/component/types.ts'
import { type Keep, purge, putAside } from './backups.ts'
import { type Framing, framed, wholeEnd } from './framing.ts'

export interface OutputOptions {
  readonly framing: Framing
  /** Goes on at the end of what is there when it is first opened. */
  readonly append: boolean
  readonly rotation?: Keep & { readonly maxBytes: number }
  /** Octal; undefined: directories are not created. */
  readonly directoryMode?: number
  readonly configKey: string
  readonly clock: Clock
  readonly log: Logger
}

/** What only somebody's hand can change. */
const SETTINGS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'])

/** One file that grows by whole requests: what could not be written whole is taken back. */
export class OutputFile {
  readonly path: string
  readonly #options: OutputOptions
  #file?: FileHandle
  /** Of the file that is open. */
  #inode = 0
  #seenBefore = false
  /** Writes wait for each other. */
  #last: Promise<void> = Promise.resolve()

  constructor(path: string, options: OutputOptions) {
    this.path = path
    this.#options = options
  }

  /** Rejects with MisconfiguredError for what a setting must change, with another error for what may pass; both name the path. */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#file) await this.#open()
    })
  }

  /** Writes a request; rejects as `open` does, and then nothing of it is in the file. */
  append(chunks: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(() => this.#append(framed(this.#options.framing, chunks)))
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#close())
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work).catch(async error => {
      await this.#close().catch(() => {})
      throw this.#explained(error)
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async #append(chunks: readonly Uint8Array[]): Promise<void> {
    const { rotation } = this.#options
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    if (this.#file && !(await this.#isInPlace())) await this.#close()
    if (!this.#file) await this.#open()
    const before = await this.#size()
    if (rotation && before > 0 && before + sizeBytes > rotation.maxBytes) {
      await this.#rotate()
      return this.#write(chunks, sizeBytes, 0)
    }
    return this.#write(chunks, sizeBytes, before)
  }

  async #write(chunks: readonly Uint8Array[], sizeBytes: number, before: number): Promise<void> {
    const file = this.#file as FileHandle
    try {
      const whole = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, sizeBytes)
      for (let at = 0; at < sizeBytes; ) at += (await file.write(whole, at, sizeBytes - at)).bytesWritten
    } catch (error) {
      await file.truncate(before)
      throw error
    }
  }

  async #open(): Promise<void> {
    const { directoryMode, append, rotation, framing, log } = this.#options
    if (directoryMode !== undefined) await mkdir(dirname(this.path), { recursive: true, mode: directoryMode })
    const goesOn = append || rotation !== undefined || this.#seenBefore
    // Emptied by truncate and not by the flag, so that appending holds from the first byte on.
    const file = await open(this.path, 'a+', 0o644)
    this.#file = file
    const { size, ino } = await file.stat()
    this.#inode = ino
    const whole = goesOn ? await wholeEnd(file, size, framing) : 0
    if (goesOn && whole < size)
      log.warn(`${this.path}: the last ${size - whole} bytes are half a request and are cut off`)
    if (whole < size) await file.truncate(whole)
    this.#seenBefore = true
  }

  async #rotate(): Promise<void> {
    const { rotation, clock, log } = this.#options
    await this.#close()
    const keep = rotation as Keep
    await putAside(this.path, clock.nowMs(), keep.localtime)
    await purge(this.path, clock.nowMs(), keep).catch(error =>
      log.warn(`can't delete old files of ${this.path}`, { error }),
    )
    await this.#open()
  }

  /** False when somebody has moved or deleted the file. */
  async #isInPlace(): Promise<boolean> {
    const there = await stat(this.path).catch(() => undefined)
    return there?.ino === this.#inode
  }

  async #size(): Promise<number> {
    return (await (this.#file as FileHandle).stat()).size
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #explained(error: NodeJS.ErrnoException): Error {
    const message = `can't write ${this.path}: ${error.code ?? errorMessage(error)}`
    if (!SETTINGS.has(error.code ?? '')) return new Error(message, { cause: error })
    return new MisconfiguredError(message, this.#options.configKey, { cause: error })
  }
}
