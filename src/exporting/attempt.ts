import type { Clock } from '../component/clock.ts'

/**
 * Calls `run` once with a signal that is aborted after `timeoutMs` (0: never) or by what `started` is given; then the attempt
 * is over, whether `run` heeds the signal or not.
 */
export function attempt<T>(
  run: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  clock: Clock,
  started: (abort: (reason: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const abort = (reason: Error): void => {
      cancel()
      reject(reason)
      controller.abort(reason)
    }
    const late = () => abort(new Error(`no answer within ${timeoutMs} ms`))
    const cancel = timeoutMs > 0 ? clock.after(timeoutMs, late) : () => {}
    started(abort)
    void run(controller.signal).then(
      result => {
        cancel()
        resolve(result)
      },
      error => {
        cancel()
        reject(error)
      },
    )
  })
}
