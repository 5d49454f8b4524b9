import { statSync } from 'node:fs'
import type { Clock } from '../component/clock.ts'

const LOOK_EVERY_MS = 1000

/**
 * Notices when a file is changed, replaced, removed or created, from the moment of construction on: make it before reading
 * the files. By polling: editors and Kubernetes replace files in ways that watches on an inode miss.
 */
export class FileChanges {
  readonly #files: readonly string[]
  #told: string

  constructor(files: readonly string[]) {
    this.#files = files
    this.#told = this.#stamp()
  }

  /** Calls `changed` once a change has stood still for one look. Returns the end of the watch. */
  watch(clock: Clock, changed: () => void): () => void {
    if (this.#files.length === 0) return () => {}
    let seen = this.#told
    let cancel = () => {}
    const look = (): void => {
      const now = this.#stamp()
      if (now === seen && now !== this.#told) {
        this.#told = now
        changed()
      }
      seen = now
      cancel = clock.after(LOOK_EVERY_MS, look)
    }
    cancel = clock.after(LOOK_EVERY_MS, look)
    return () => cancel()
  }

  /** What tells one state of the files from another: device, inode, size and times. */
  #stamp(): string {
    const stamps = this.#files.map(file => {
      const stats = statSync(file, { throwIfNoEntry: false, bigint: true })
      return stats ? `${stats.dev}.${stats.ino}.${stats.size}.${stats.mtimeNs}.${stats.ctimeNs}` : 'absent'
    })
    return stamps.join(' ')
  }
}
