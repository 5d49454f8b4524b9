import type { Clock } from '../component/clock.ts'
import type { ReloadResult, Sources } from './instruments.ts'
import type { Meter } from './meter.ts'

export type { ReloadResult } from './instruments.ts'

/** The agent's metrics about itself. */
export interface OwnMetrics {
  /** Loads the SDK; once the agent is ready, or at the first page. */
  load(): Promise<void>
  /** A page in text format 0.0.4. */
  page(): Promise<string>
  reloaded(result: ReloadResult): void
  shutdown(): Promise<void>
}

export type OwnMetricsOptions = Omit<Sources, 'reloads'> & { readonly clock: Clock }

/** Nothing is loaded or measured until `load` or the first `page`. */
export function createOwnMetrics({ clock, ...sources }: OwnMetricsOptions): OwnMetrics {
  const reloads: Record<ReloadResult, number> = { success: 0, failure: 0 }
  let meter: Promise<Meter> | undefined
  const loaded = () => {
    meter ??= import('./meter.ts').then(({ createMeter }) => createMeter({ ...sources, reloads }, clock))
    return meter
  }
  return {
    load: async () => void (await loaded()),
    page: async () => (await loaded()).page(),
    reloaded(result) {
      reloads[result]++
    },
    shutdown: async () => (await meter)?.shutdown(),
  }
}
