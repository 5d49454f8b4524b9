import type { Clock } from '../component/clock.ts'
import { errorMessage } from '../component/errors.ts'
import type { Logger } from '../component/types.ts'
import type { AgentConfig } from '../config/model.ts'
import { createListeners, type SharedListeners } from '../net/listeners.ts'
import { createYoungMemory } from '../net/young_memory.ts'
import { Ledger } from '../pipeline/observe.ts'
import { type Attach, type Changes, Pipelines } from '../pipeline/run.ts'
import { type Admin, createAdmin } from '../self/admin.ts'
import { createHealth, type Health } from '../self/health.ts'
import { type AgentLogger, createLogger } from '../self/logger.ts'
import { createOwnMetrics, type OwnMetrics } from '../self/metrics.ts'
import { SeriesTable } from '../telemetry/metrics/series_table.ts'
import { version } from '../version.ts'

/** Reads the config, again at every reload. Lines of `problems` name their places. */
export type ReadConfig = () => Promise<{
  config?: AgentConfig
  problems: readonly string[]
  warnings: readonly string[]
}>

export interface AgentOptions {
  readConfig: ReadConfig
  clock: Clock
  /** Takes log lines; standard error when absent. */
  logTo?: { write(line: string): void }
}

export type ReloadResult = { ok: true; changes: Changes } | { ok: false; problems: readonly string[] }

/** The whole agent but for the process around it: signals and exit codes are `run_agent.ts`. */
export interface Agent {
  readonly log: Logger
  readonly ledger: Ledger
  /** What was found and where to look, a line each. */
  describe(): string[]
  /** Reads the config again and applies what changed; a refused one leaves everything as it is. One at a time. */
  reload(): Promise<ReloadResult>
  /** Drains and stops within the config's shutdown timeout. False when something was not done by then. */
  stop(): Promise<boolean>
}

/** Series that nobody holds are freed after this. */
const IDLE_SERIES_MS = 300_000
const SWEEP_EVERY_MS = 1000

/** Starts everything that `config` names. Throws what kept a part from starting, with everything else undone. */
export async function startAgent(options: AgentOptions, config: AgentConfig): Promise<Agent> {
  const agent = new RunningAgent(options, config)
  await agent.start()
  return agent
}

class RunningAgent implements Agent {
  readonly log: AgentLogger
  readonly ledger = new Ledger()
  readonly #readConfig: ReadConfig
  readonly #clock: Clock
  readonly #series: SeriesTable
  readonly #listeners: SharedListeners
  readonly #health: Health
  readonly #metrics: OwnMetrics
  readonly #pipelines: Pipelines
  #config: AgentConfig
  #admin: Admin
  #cancelSweep = () => {}
  #reloading: Promise<unknown> = Promise.resolve()
  #stopping?: Promise<boolean>

  constructor({ readConfig, clock, logTo }: AgentOptions, config: AgentConfig) {
    const ledger = this.ledger
    this.#readConfig = readConfig
    this.#clock = clock
    this.#config = config
    this.log = createLogger(config.service.telemetry.logs, { clock, destination: logTo })
    this.#series = new SeriesTable({ nowMs: () => clock.monotonicMs() })
    this.#listeners = createListeners({ log: this.log, clock, memory: createYoungMemory() })
    this.#health = createHealth({ clock, ledger, version })
    this.#metrics = createOwnMetrics({ ledger, series: this.#series, version, clock })
    this.#admin = this.#adminFor(config)
    this.#pipelines = new Pipelines({ ledger, clock, attach: (...component) => this.#attach(...component) })
  }

  async start(): Promise<void> {
    try {
      await this.#admin.start()
      await this.#apply(this.#config)
    } catch (error) {
      await this.#listeners.close(this.#drainDeadline())
      throw error
    }
    this.#sweep()
    this.#health.enter('ready')
  }

  describe(): string[] {
    const { endpoint } = this.#config.service.admin
    return [
      ...this.#pipelines.describe().map(({ id, text }) => `${id}: ${text}`),
      `health at http://${endpoint}/health, the agent's own metrics at http://${endpoint}/metrics`,
    ]
  }

  reload(): Promise<ReloadResult> {
    const result = this.#reloading.then(() => this.#reload())
    this.#reloading = result
    return result
  }

  stop(): Promise<boolean> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  #attach(...[{ id }, kind, pipeline]: Parameters<Attach>): ReturnType<Attach> {
    const health = this.#health.component({ kind, id, pipeline })
    const settings = {
      id,
      kind,
      pipeline,
      clock: this.#clock,
      series: this.#series,
      listeners: this.#listeners,
      health: this.#health,
      log: this.log.child({ kind, component: id, pipeline }),
      report: health.report,
      agent: { name: 'millrace', version },
    }
    return { settings, detach: health.remove }
  }

  #adminFor({ service }: AgentConfig): Admin {
    return createAdmin({
      listeners: this.#listeners,
      clock: this.#clock,
      endpoint: service.admin.endpoint,
      configKey: 'service.admin.endpoint',
      health: this.#health,
      metrics: service.telemetry.metrics.level === 'none' ? undefined : this.#metrics,
      reload: async () => {
        const result = await this.reload()
        return result.ok ? { ok: true, changed: result.changes.started } : { ok: false, problems: [...result.problems] }
      },
      log: this.log,
    })
  }

  async #reload(): Promise<ReloadResult> {
    if (this.#stopping) return { ok: false, problems: ['the agent is stopping'] }
    const { config, problems, warnings } = await this.#readConfig()
    if (!config) return this.#refuse(problems)
    for (const warning of warnings) this.log.warn(warning)
    try {
      const changes = await this.#apply(config)
      this.#metrics.reloaded('success')
      this.log.info(`config reloaded: ${listChanges(changes)}`)
      return { ok: true, changes }
    } catch (error) {
      return this.#refuse([errorMessage(error)])
    }
  }

  #refuse(problems: readonly string[]): ReloadResult {
    this.#metrics.reloaded('failure')
    this.log.error(`config refused, the old one stays: ${problems.join('\n')}`)
    return { ok: false, problems }
  }

  async #apply(next: AgentConfig): Promise<Changes> {
    const admin = same(adminSettings(next), adminSettings(this.#config)) ? this.#admin : this.#adminFor(next)
    try {
      if (admin !== this.#admin) await admin.start()
      const { changes, failures } = await this.#pipelines.apply(next, () => this.#drainDeadline())
      for (const failure of failures) this.log.warn(`while stopping what was replaced: ${errorMessage(failure)}`)
      const replaced = this.#admin === admin ? undefined : this.#admin
      this.#admin = admin
      void this.#close(replaced)
      this.#config = next
      this.log.configure(next.service.telemetry.logs)
      return changes
    } catch (error) {
      if (admin !== this.#admin) await admin.stop()
      throw error
    }
  }

  /** Not waited for by a reload: the request that asked for it may itself be on a socket that closes. */
  async #close(admin: Admin | undefined): Promise<void> {
    await admin?.stop()
    await this.#listeners.settle()
  }

  async #stop(): Promise<boolean> {
    this.#health.enter('draining')
    await this.#reloading
    this.#cancelSweep()
    const deadline = this.#drainDeadline()
    const failures = await this.#pipelines.stop(deadline)
    for (const failure of failures) this.log.error(errorMessage(failure))
    await this.#admin.stop()
    await this.#listeners.close(deadline)
    await this.#metrics.shutdown()
    this.log.info(deadline.aborted ? 'stopped at the deadline' : 'drained')
    this.log.close()
    return !deadline.aborted
  }

  #drainDeadline(): AbortSignal {
    const aborter = new AbortController()
    const { shutdownTimeoutMs } = this.#config.service
    this.#clock.after(shutdownTimeoutMs, () => aborter.abort(new Error('the shutdown timeout passed')))
    return aborter.signal
  }

  /** Frees idle series bit by bit. */
  #sweep(): void {
    this.#series.sweep(IDLE_SERIES_MS)
    this.#cancelSweep = this.#clock.after(SWEEP_EVERY_MS, () => this.#sweep())
  }
}

const adminSettings = ({ service }: AgentConfig) => [service.admin.endpoint, service.telemetry.metrics.level]

const same = (a: readonly string[], b: readonly string[]): boolean => a.every((item, i) => item === b[i])

function listChanges({ started, stopped }: Changes): string {
  const gone = stopped.filter(id => !started.includes(id))
  const parts = [started.length > 0 && `started ${started.join(', ')}`, gone.length > 0 && `stopped ${gone.join(', ')}`]
  return parts.filter(Boolean).join('; ') || 'no component changed'
}
