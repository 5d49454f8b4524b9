import type { Definition, DefinitionOf } from '../component/define.ts'
import type { Kind, Signal } from '../component/types.ts'

/** A path from the root of the config: `['exporters', 'loki', 'endpoint']`, `['service', 'pipelines', 'logs', 'receivers', 0]`. */
export type ConfigPath = readonly (string | number)[]

/** Something wrong with a config, to be shown as `file:line:col path: message`. */
export interface Problem {
  readonly path: ConfigPath
  readonly message: string
}

/** One component as the config file has it, checked: `config` is the output of the definition's schema. */
export interface ComponentConfig<D extends Definition = Definition> {
  /** `type` or `type/name` in today's spelling: an old type name is already replaced. */
  readonly id: string
  readonly definition: D
  readonly config: unknown
  /** Changes when the resolved input (environment and file values included) does: what a reload compares. */
  readonly fingerprint: string
  readonly path: ConfigPath
  /** Ids of the extensions that the config names, by how it spells them; only of components that run. */
  readonly uses?: ReadonlyMap<string, string>
}

export interface PipelineConfig {
  /** `metrics` or `metrics/name`. */
  readonly id: string
  readonly signal: Signal
  /** Ids of receivers and connectors. */
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  /** Ids of exporters and connectors. */
  readonly exporters: readonly string[]
}

export interface ServiceConfig {
  /** Ids of the extensions to start, in order. */
  readonly extensions: readonly string[]
  readonly pipelines: readonly PipelineConfig[]
  /** Milliseconds that a drain may take. */
  readonly shutdownTimeoutMs: number
  readonly workers: number
  readonly admin: { readonly endpoint: string }
  readonly telemetry: TelemetryConfig
}
export interface TelemetryConfig {
  readonly logs: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly encoding: 'json' | 'console' }
  readonly metrics: { readonly level: 'none' | 'basic' | 'normal' | 'detailed' }
  /** Attributes of the agent's own telemetry. */
  readonly resource: Readonly<Record<string, string>>
}

/** A whole config, checked and resolved. Components that no pipeline uses are checked and not run. */
export interface AgentConfig {
  readonly components: { readonly [K in Kind]: ReadonlyMap<string, ComponentConfig<DefinitionOf<K>>> }
  readonly service: ServiceConfig
  /** Where each setting came from, for problems found after the check. */
  locate(path: ConfigPath): string
}
