import type { Clock } from '../../src/component/clock.ts'
import { errorMessage } from '../../src/component/errors.ts'
import type { Logger } from '../../src/component/types.ts'
import { Slices } from '../../src/host/slices.ts'
import { gauge } from '../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../src/telemetry/metrics/emitter.ts'
import { type Collector, NoData, type Samples } from './collector.ts'

const duration = family(
  gauge('node_scrape_collector_duration_seconds', 'node_exporter: Duration of a collector scrape.'),
  'collector',
)
const success = family(
  gauge('node_scrape_collector_success', 'node_exporter: Whether a collector succeeded.'),
  'collector',
)
export const scrapeFamilies = [duration, success]

/** Collectors of one receiver, by name. */
export type Collectors = ReadonlyMap<string, Collector>

export interface RunOptions {
  readonly clock: Clock
  readonly log: Logger
  /** What collectors failed with in the last run, by name: only what changes is logged. */
  readonly failures: Map<string, string>
}

/**
 * Runs the collectors one after the other, in slices of 2 ms; one that waits for something does not hold up the next. Each
 * one's duration and success are samples too. Resolves with whether nothing failed (to have no data is none); never rejects. When one of `signals` is
 * aborted, whoever still waits has failed.
 */
export async function runCollectors(
  collectors: Collectors,
  samples: Samples,
  { clock, log, failures }: RunOptions,
  signals: readonly AbortSignal[],
): Promise<boolean> {
  const slices = new Slices(clock)
  const running: Promise<boolean>[] = []
  const { promise: aborted, reject: abort } = Promise.withResolvers<never>()
  aborted.catch(() => {})
  const onAbort = () => abort(signals.find(signal => signal.aborted)?.reason)
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true })
  for (const [name, collector] of collectors) {
    while (slices.due) await slices.turn()
    running.push(run(name, collector))
  }
  const succeeded = await Promise.all(running)
  for (const signal of signals) signal.removeEventListener('abort', onAbort)
  return succeeded.every(Boolean)

  async function run(name: string, collector: Collector): Promise<boolean> {
    const begin = clock.monotonicMs()
    let failure: unknown
    try {
      for (const wait of collector.collect(samples) ?? []) {
        for (const signal of signals) signal.throwIfAborted()
        if (wait) await Promise.race([wait, aborted])
        else while (slices.due) await slices.turn()
      }
    } catch (error) {
      failure = error ?? new Error('no reason given')
    }
    samples.emit(duration, (clock.monotonicMs() - begin) / 1000, name)
    samples.emit(success, failure ? 0 : 1, name)
    report(name, failure)
    return !failure || failure instanceof NoData
  }

  function report(name: string, failure: unknown): void {
    const message = failure ? errorMessage(failure) : undefined
    if (message === failures.get(name)) return
    if (!message) {
      failures.delete(name)
      log.info('collector works again', { collector: name })
      return
    }
    failures.set(name, message)
    const fields = { collector: name, error: message }
    if (failure instanceof NoData) log.debug('collector has no data', fields)
    else log.error('collector failed', fields)
  }
}
