import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Bytes that may be allocated before young garbage is collected. V8 collects young objects by how many of them there are,
 * and requests are few and large: their bytes outgrow its limit first, and it marks the whole heap instead, some 30 times a
 * second at full load (docs/decisions/071).
 */
const EVERY_BYTES = 8 * 2 ** 20

/** Has the bytes of requests collected while they are young. One for the process. */
export interface YoungMemory {
  /** So many bytes were allocated that will be garbage soon. */
  allocated(sizeBytes: number): void
}

/** `collect` stands in for V8's collector of young garbage (0.2 to 0.9 ms), which is got hold of when first needed: 2 MB. */
export function createYoungMemory(collect?: () => void): YoungMemory {
  let run = collect
  let sizeBytes = 0
  return {
    allocated(more) {
      sizeBytes += more
      if (sizeBytes < EVERY_BYTES) return
      sizeBytes = 0
      run ??= minorCollection()
      run()
    },
  }
}

/** Node gives this function out only when it is asked for by a flag. */
function minorCollection(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: (options: { type: 'minor' }) => void = runInNewContext('gc')
  return () => gc({ type: 'minor' })
}
