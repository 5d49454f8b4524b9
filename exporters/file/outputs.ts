import { posix } from 'node:path'
import { OutputFile, type OutputOptions } from './output_file.ts'

/** Paths that are known to have been begun; with more than these every file goes on at its end. */
const MAX_BEGUN = 10_000

/** The files of one exporter: one, or one for each value of an attribute, of which so many are open at a time. */
export class Outputs {
  readonly #prefix: string
  readonly #suffix: string
  readonly #maxOpen: number
  readonly #options: OutputOptions
  /** The one used last is last. */
  readonly #open = new Map<string, OutputFile>()
  readonly #begun = new Set<string>()

  /** `path` with a `*` where the value goes. */
  constructor(path: string, maxOpen: number, options: OutputOptions) {
    const [prefix, suffix = ''] = path.split('*')
    this.#prefix = posix.normalize(prefix)
    this.#suffix = suffix
    this.#maxOpen = maxOpen
    this.#options = options
  }

  /** The file for a value; never outside of what stands before the `*`. */
  of(value: string): OutputFile {
    const path = this.pathOf(value)
    const known = this.#open.get(path)
    this.#open.delete(path)
    // A file that was begun is not emptied when it is opened again.
    const append = this.#options.append || this.#begun.has(path) || this.#begun.size >= MAX_BEGUN
    const file = known ?? new OutputFile(path, { ...this.#options, append })
    this.#open.set(path, file)
    if (this.#begun.size < MAX_BEGUN) this.#begun.add(path)
    if (this.#open.size > this.#maxOpen) this.#closeOldest()
    return file
  }

  /** `../etc/passwd` → `<prefix>etc/passwd<suffix>`. */
  pathOf(value: string): string {
    const inside = posix.join('/', `${value}${this.#suffix}`.replaceAll('\0', '_')).slice(1)
    return this.#prefix + inside
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(file => file.close()))
    this.#open.clear()
  }

  #closeOldest(): void {
    const [path, file] = this.#open.entries().next().value as [string, OutputFile]
    this.#open.delete(path)
    file.close().catch(error => this.#options.log.warn(error.message))
  }
}
