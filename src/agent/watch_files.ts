import { statSync } from 'node:fs'
import type { Clock } from '../component/clock.ts'

const LOOK_EVERY_MS = 1000

/**
 * Calls `changed` after one of the files was changed, replaced, removed or created, once it has stood still for a look.
 * By polling: editors and Kubernetes replace files in ways that watches on an inode miss. Returns the end of the watch.
 */
export function watchFiles(files: readonly string[], clock: Clock, changed: () => void): () => void {
  let seen = stamp(files)
  let told = seen
  let cancel = () => {}
  const look = (): void => {
    const now = stamp(files)
    if (now === seen && now !== told) {
      told = now
      changed()
    }
    seen = now
    cancel = clock.after(LOOK_EVERY_MS, look)
  }
  cancel = clock.after(LOOK_EVERY_MS, look)
  return () => cancel()
}

/** What tells one state of the files from another: device, inode, size and times. */
function stamp(files: readonly string[]): string {
  return files
    .map(file => {
      const stats = statSync(file, { throwIfNoEntry: false, bigint: true })
      return stats ? `${stats.dev}.${stats.ino}.${stats.size}.${stats.mtimeNs}.${stats.ctimeNs}` : 'absent'
    })
    .join(' ')
}
