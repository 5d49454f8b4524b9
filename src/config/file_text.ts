import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../component/clock.ts'
import { errorMessage, StartError } from '../component/errors.ts'
import type { Logger } from '../component/types.ts'

export interface FileTextOptions {
  path: string
  /** Config key that names the file, for messages. */
  configKey: string
  clock: Clock
  log: Logger
}

/** A text file that may change while the agent runs, such as a token that is renewed. Looked at when it is asked for, never by a timer. */
export class FileText {
  readonly #options: FileTextOptions
  #text = ''
  #stamp = ''
  #lookedMs = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  constructor(options: FileTextOptions) {
    this.#options = options
  }

  /** Reads the file for the first time. Rejects with StartError. */
  async start(): Promise<void> {
    const { path, configKey } = this.#options
    try {
      await this.#read()
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? errorMessage(error)
      throw new StartError(`${configKey}: can't read ${path} (${code})`, configKey, { cause: error })
    }
  }

  /** What was read last. */
  get text(): string {
    return this.#text
  }

  /** Reads the file again if it changed and nobody looked for `maxAgeMs`. A file that can't be read any more stays as it was. */
  async refresh(maxAgeMs: number): Promise<void> {
    if (this.#options.clock.monotonicMs() - this.#lookedMs < maxAgeMs) return this.#looking
    this.#looking = this.#read().catch(error => {
      this.#options.log.warn(`can't read the file of ${this.#options.configKey}; what it held stays in use`, { error })
    })
    return this.#looking
  }

  async #read(): Promise<void> {
    const { path, clock } = this.#options
    this.#lookedMs = clock.monotonicMs()
    const { mtimeMs, size, ino } = await stat(path)
    const stamp = `${mtimeMs} ${size} ${ino}`
    if (stamp === this.#stamp) return
    this.#text = await readFile(path, 'utf8')
    this.#stamp = stamp
  }
}
