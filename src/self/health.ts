import type { Clock } from '../component/clock.ts'
import type { HealthSource, HealthStatus, Kind, Signal } from '../component/types.ts'
import type { ItemCounters, Ledger } from '../pipeline/observe.ts'

/** Which component: processors with the pipeline they belong to. */
export interface ComponentRef {
  readonly kind: Kind
  readonly id: string
  readonly pipeline?: string
}

/** One running component's place in the agent's health. */
export interface ComponentHealth {
  /** What is said of it from now on; healthy until the first report. */
  report(status: HealthStatus, message?: string): void
  /** It is no longer running. What replaced it, or what it replaced, is shown instead. */
  remove(): void
}

/** Where the agent is in its life; `/ready` refuses before `ready` and after it. */
export type Phase = 'starting' | 'ready' | 'draining'

/** Body of `/health`, as load balancers and the `probe` receiver read it. */
export interface HealthBody {
  status: HealthStatus
  /** RFC 3339, UTC. */
  timestamp: string
  version: string
  /** Seconds since the start. */
  uptime: number
  /** Resident memory, MiB. */
  memory_usage: number
  /** Percent of one core since the last time it was asked for, over a second or more. */
  cpu_usage: number
  /** By component: is it healthy? */
  checks: Record<string, boolean>
}

/** Items of one signal at one component since the start. */
export type SignalCounts = Pick<ItemCounters, 'accepted' | 'refused' | 'sent' | 'failed' | 'held'> & {
  dropped: Record<string, number>
}

export interface DetailedCheck {
  status: HealthStatus
  message?: string
  items?: { [S in Signal]?: SignalCounts }
}

export type DetailedHealthBody = Omit<HealthBody, 'checks'> & { checks: Record<string, DetailedCheck> }

export interface Health extends HealthSource {
  /** A component that was created; a newer one of the same name takes its place until it is removed. */
  component(ref: ComponentRef): ComponentHealth
  phase(): Phase
  enter(phase: Phase): void
  summary(): HealthBody
  detailed(): DetailedHealthBody
}

/** What the process uses; tests give their own. */
export interface ProcessUsage {
  /** Bytes. */
  residentMemory(): number
  /** Microseconds of CPU, user and system together, since the start. */
  cpuMicros(): number
}

export interface HealthOptions {
  clock: Clock
  ledger: Ledger
  version: string
  usage?: ProcessUsage
}

interface Report {
  readonly ref: ComponentRef
  status: HealthStatus
  message?: string
}

const WORSE: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy']

/** Keeps what components say of themselves. The agent is as healthy as the worst of them. */
export function createHealth({ clock, ledger, version, usage = ownUsage }: HealthOptions): Health {
  const stacks = new Map<string, Report[]>()
  const upSinceMs = clock.nowMs()
  const startedMs = clock.monotonicMs()
  const cpuPercent = cpuMeter(clock, usage)
  let phase: Phase = 'starting'

  function* current(): Iterable<readonly [string, Report]> {
    for (const [name, reports] of stacks) yield [name, reports.at(-1) as Report]
  }
  const status = (): HealthStatus =>
    WORSE[Math.max(0, ...[...current()].map(([, report]) => WORSE.indexOf(report.status)))]
  const round = (value: number, digits: number) => Number(value.toFixed(digits))
  const vitals = () => ({
    status: status(),
    timestamp: new Date(clock.nowMs()).toISOString(),
    version,
    uptime: round((clock.monotonicMs() - startedMs) / 1000, 3),
    memory_usage: round(usage.residentMemory() / 2 ** 20, 2),
    cpu_usage: round(cpuPercent(), 2),
  })

  return {
    upSinceMs,
    status,
    ready: () => phase === 'ready',
    phase: () => phase,
    enter(next) {
      phase = next
    },
    component(ref) {
      const name = checkName(ref)
      const own: Report = { ref, status: 'healthy' }
      stacks.set(name, [...(stacks.get(name) ?? []), own])
      return {
        report(next, message) {
          own.status = next
          own.message = message
        },
        remove() {
          const rest = (stacks.get(name) ?? []).filter(report => report !== own)
          if (rest.length > 0) stacks.set(name, rest)
          else stacks.delete(name)
        },
      }
    },
    summary: () => ({
      ...vitals(),
      checks: Object.fromEntries([...current()].map(([name, report]) => [name, report.status === 'healthy'])),
    }),
    detailed: () => ({
      ...vitals(),
      checks: Object.fromEntries([...current()].map(([name, report]) => [name, detailedCheck(report, ledger)])),
    }),
  }
}

/** The config path of a component: `exporters.loki`, `pipelines.logs/web.processors.batch`. */
export function checkName({ kind, id, pipeline }: ComponentRef): string {
  return pipeline === undefined ? `${kind}s.${id}` : `pipelines.${pipeline}.${kind}s.${id}`
}

function detailedCheck({ ref, status, message }: Report, ledger: Ledger): DetailedCheck {
  const items: DetailedCheck['items'] = {}
  for (const { kind, id, pipeline, signal, items: counts } of ledger) {
    if (kind === ref.kind && id === ref.id && pipeline === ref.pipeline) items[signal] = signalCounts(counts)
  }
  return { status, ...(message && { message }), ...(Object.keys(items).length > 0 && { items }) }
}

function signalCounts({ accepted, refused, sent, failed, held, dropped }: ItemCounters): SignalCounts {
  return { accepted, refused, sent, failed, held, dropped: Object.fromEntries(dropped) }
}

const ownUsage: ProcessUsage = {
  residentMemory: () => process.memoryUsage.rss(),
  cpuMicros() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
}

/** Percent of one core between two readings at least a second apart; readers in between share the last figure. */
function cpuMeter(clock: Clock, usage: ProcessUsage): () => number {
  let atMs = clock.monotonicMs()
  let micros = usage.cpuMicros()
  let percent = 0
  return () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - atMs < 1000) return percent
    const nowMicros = usage.cpuMicros()
    percent = (nowMicros - micros) / (nowMs - atMs) / 10
    atMs = nowMs
    micros = nowMicros
    return percent
  }
}
