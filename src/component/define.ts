import type { z } from 'zod'
import type { Connector, Exporter, Extension, Kind, Next, Processor, Receiver, Settings, Signal } from './types.ts'

/** An address a component will listen on, for `validate`: the config key that names it, `host:port`, and the paths it serves there. */
export interface Listen {
  key: string
  endpoint: string
  /** Undefined: the whole address is its own. */
  paths?: readonly string[]
}

/** What an extension can do for other components. */
export const EXTENSION_ROLES = ['server_auth', 'client_auth', 'storage'] as const
export type ExtensionRole = (typeof EXTENSION_ROLES)[number]

/** An extension that a component's config names. */
export interface Use {
  /** Where in the component's config. */
  path: readonly (string | number)[]
  /** As it is written there. */
  id: string
  as: ExtensionRole
}

interface Base<C extends z.ZodType> {
  /** lower_snake; also the folder's name, the README's title and the word in metrics and logs. */
  readonly type: string
  /** Older spellings, accepted in config files. */
  readonly aliases?: readonly string[]
  /** How far it is: printed in the component lists. */
  readonly stability: 'stable' | 'beta' | 'development'
  readonly config: C
  /** Addresses that this config opens. */
  listens?(config: z.output<C>): Listen[]
  /** Extensions that a component with this config asks for by `settings.extension`; it is restarted when one of them is. */
  uses?(config: z.output<C>): Use[]
  /** What is wrong with this config beyond its schema; paths are relative to the component's own config. */
  validate?(config: z.output<C>): { path: (string | number)[]; message: string }[]
}
export interface ReceiverDefinition<C extends z.ZodType = z.ZodType> extends Base<C> {
  readonly kind: 'receiver'
  readonly signals: readonly Signal[]
  create(config: z.output<C>, next: Next, settings: Settings): Receiver
}
export interface ProcessorDefinition<C extends z.ZodType = z.ZodType> extends Base<C> {
  readonly kind: 'processor'
  readonly signals: readonly Signal[]
  /** What `service.workers` must keep together. */
  readonly sharding: 'any' | 'trace' | 'series' | 'single'
  /** One instance a pipeline: `next` has the pipeline's one signal. */
  create(config: z.output<C>, next: Next, settings: Settings): Processor
}
export interface ExporterDefinition<C extends z.ZodType = z.ZodType> extends Base<C> {
  readonly kind: 'exporter'
  readonly signals: readonly Signal[]
  /** `hold`: keeps or prints what it gets, no queue and no retry (prometheus, debug). */
  readonly delivery: 'push' | 'hold'
  readonly ordering: 'none' | 'per_key'
  /** True when a reader asks this exporter for data: receivers upstream collect when it does. */
  readonly pull?: boolean
  create(config: z.output<C>, settings: Settings): Exporter
}
export interface ConnectorDefinition<C extends z.ZodType = z.ZodType> extends Base<C> {
  readonly kind: 'connector'
  /** Which signal in makes which signals out. */
  readonly converts: { readonly [S in Signal]?: readonly Signal[] }
  create(config: z.output<C>, next: Next, settings: Settings): Connector
}
export interface ExtensionDefinition<C extends z.ZodType = z.ZodType> extends Base<C> {
  readonly kind: 'extension'
  /** What an extension with this config can do for others. */
  provides?(config: z.output<C>): readonly ExtensionRole[]
  create(config: z.output<C>, settings: Settings): Extension
}
export type Definition =
  | ReceiverDefinition
  | ProcessorDefinition
  | ExporterDefinition
  | ConnectorDefinition
  | ExtensionDefinition
export type DefinitionOf<K extends Kind> = Extract<Definition, { kind: K }>

type Given<D> = Omit<D, 'kind'>

export function defineReceiver<C extends z.ZodType>(definition: Given<ReceiverDefinition<C>>): ReceiverDefinition<C> {
  return { kind: 'receiver', ...definition }
}
export function defineProcessor<C extends z.ZodType>(
  definition: Given<ProcessorDefinition<C>>,
): ProcessorDefinition<C> {
  return { kind: 'processor', ...definition }
}
export function defineExporter<C extends z.ZodType>(definition: Given<ExporterDefinition<C>>): ExporterDefinition<C> {
  return { kind: 'exporter', ...definition }
}
export function defineConnector<C extends z.ZodType>(
  definition: Given<ConnectorDefinition<C>>,
): ConnectorDefinition<C> {
  return { kind: 'connector', ...definition }
}
export function defineExtension<C extends z.ZodType>(
  definition: Given<ExtensionDefinition<C>>,
): ExtensionDefinition<C> {
  return { kind: 'extension', ...definition }
}

/** Components of one kind by type; the code of each is loaded when it is asked for. */
export type Registry<D> = { readonly [type: string]: () => Promise<D> }

/** Every component the agent knows, by kind and type; made from the registries by `src/components.ts`. */
export type Components = { readonly [K in Kind]: ReadonlyMap<string, DefinitionOf<K>> }
