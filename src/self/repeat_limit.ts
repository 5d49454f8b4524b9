import type { Clock } from '../component/clock.ts'

const WINDOW_MS = 60_000
const MAX_KEYS = 1000

/** Writes an entry; `count` is how many the summary stands for, undefined for an entry of its own. */
type Write = (count?: number) => void

interface Window {
  suppressed: number
  /** The newest of them, whose fields the summary shows. */
  write: Write
  cancel: () => void
}

/** Lets the first of equal entries pass, and a count of the others once a minute. */
export class RepeatLimit {
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  pass(key: string, write: Write): void {
    const open = this.#windows.get(key)
    if (open) {
      open.suppressed++
      open.write = write
      return
    }
    write()
    this.#open(key, write)
    if (this.#windows.size > MAX_KEYS) this.#end(this.#windows.keys().next().value as string)
  }

  /** Writes what is owed and forgets everything. */
  close(): void {
    for (const key of [...this.#windows.keys()]) this.#end(key)
  }

  #open(key: string, write: Write): void {
    const cancel = this.#clock.after(WINDOW_MS, () => {
      if (this.#end(key)) this.#open(key, write)
    })
    this.#windows.set(key, { suppressed: 0, write, cancel })
  }

  /** True when something was owed: then the next minute is limited too. */
  #end(key: string): boolean {
    const { suppressed, write, cancel } = this.#windows.get(key) as Window
    cancel()
    this.#windows.delete(key)
    if (suppressed > 0) write(suppressed)
    return suppressed > 0
  }
}
