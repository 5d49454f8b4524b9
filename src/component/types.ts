import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http2'
import type { TlsOptions } from 'node:tls'
import type { MetricBatch } from '../telemetry/metrics/batch.ts'
import type { SeriesTable } from '../telemetry/metrics/series_table.ts'
import type { Collection } from '../telemetry/origin.ts'
import type { LogBatch, TraceBatch } from '../telemetry/wire_batch.ts'
import type { Admission, MemoryBudget, Reservable } from './admission.ts'
import type { Clock } from './clock.ts'

export const SIGNALS = ['traces', 'metrics', 'logs'] as const
export type Signal = (typeof SIGNALS)[number]
export type AnyBatch = TraceBatch | MetricBatch | LogBatch
export type BatchOf<S extends Signal> = { traces: TraceBatch; metrics: MetricBatch; logs: LogBatch }[S]

export const KINDS = ['receiver', 'processor', 'exporter', 'connector', 'extension'] as const
export type Kind = (typeof KINDS)[number]

/** Takes a batch or rejects it. Once it resolves, the batch is the consumer's responsibility, no longer the caller's. */
export interface Consumer<S extends Signal = Signal> {
  consume(batch: BatchOf<S>): Promise<void> | void
}

/** What a component hands its batches to, one consumer for each signal that a pipeline wires; never throws synchronously. */
export type Next = { [S in Signal]?: { consume(batch: BatchOf<S>): Promise<void> } }

/** What a component does with the batches that reach it, by signal. A throw and a rejection mean the same. */
export type Takes = { [S in Signal]?: (batch: BatchOf<S>, signal: AbortSignal) => Promise<void> | void }

export interface Lifecycle {
  /** Opens what the component needs. A rejection undoes the start-up of the whole agent. */
  start?(): Promise<void> | void
  /** Closes what `start` opened, before the deadline. Called exactly once, also when `start` failed or never ran. */
  shutdown?(deadline: AbortSignal): Promise<void> | void
  /** One active check of what the component depends on, for `/health/deep`; rejects with what is wrong. */
  check?(signal: AbortSignal): Promise<void>
  /** One line for whoever starts the agent: what this found, or where to look. Read once, after `start`. */
  describe?(): string
}

/** Names of a receiver's own collectors to run, or to leave out, in one collection (node_exporter's `collect[]`, `exclude[]`). */
export type CollectFilter = { readonly include: readonly string[] } | { readonly exclude: readonly string[] }

export interface Receiver extends Lifecycle {
  /**
   * Reads everything once and hands it to `next.metrics` in batches whose `origin.collection` is `collection`; resolves
   * when all were taken. The agent decides when (a timer, a scrape) and never runs two at a time.
   */
  collect?(collection: Collection, filter: CollectFilter | undefined, signal: AbortSignal): Promise<void>
  /** Milliseconds between collections when a push exporter is downstream. */
  readonly collectionIntervalMs?: number
  /** The names that a filter may use. */
  readonly collectors?: readonly string[]
}
export type Processor = Takes & Lifecycle
export type Connector = Takes & Lifecycle
/** A batch was delivered but for some items that the destination will never accept: they are lost with `reason`. */
export interface PartialDelivery {
  readonly rejected: number
  /** lower_snake, of a small fixed set; `rejected` when absent. */
  readonly reason?: string
}
export type Delivered = PartialDelivery | undefined

/** One attempt to deliver a batch; `signal` is aborted when the attempt has taken too long or the agent ends. */
export type Delivers = {
  [S in Signal]?: (batch: BatchOf<S>, signal: AbortSignal) => Promise<Delivered> | Promise<void> | Delivered | void
}

export interface Exporter extends Delivers, Lifecycle {
  /**
   * What admission asks before data is read from outside: the queue of this exporter, when it refuses rather than drops.
   * An exporter that brings one has its own queue: the agent adds none.
   */
  readonly reservable?: Reservable
  /**
   * For `ordering: 'per_key'`: cuts a batch into `shards` parts, so that items of one key are always in the part of the
   * same number. Parts are delivered each in their own order. Without it all batches of a signal stay in one order.
   */
  shard?(batch: AnyBatch, shards: number): readonly (AnyBatch | undefined)[]
}

/** Finds out whether whoever sends a request may. */
export interface ServerAuth {
  /** Names of the headers that hold secrets, in lower case: nothing else may keep or show them. */
  readonly headers: readonly string[]
  /** Throws or rejects with UnauthenticatedError. `values`: every value of the header with this lower-case name. */
  authenticate(values: (header: string) => readonly string[]): Promise<void> | void
}

/** Proves to a server who sends a request. */
export interface ClientAuth {
  /** Headers for the next request, names in lower case. Asked before each one, since a token may change. */
  headers(): Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>
}

export interface Extension extends Lifecycle {
  readonly serverAuth?: ServerAuth
  readonly clientAuth?: ClientAuth
}

export interface Logger {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

/** Counts what a component loses, so that nothing is lost silently. */
export interface DropCounter {
  /** `items` of `signal` that this component took and will never hand on. `reason` is lower_snake and of a small fixed set. */
  dropped(signal: Signal, reason: string, items: number): void
  /** Items that this component made beyond those it was given (positive), or merged away (negative). */
  created(signal: Signal, items: number): void
  /** Items that this component holds now: taken, neither handed on nor lost. */
  holding(signal: Signal, items: number): void
  /**
   * Push receivers: `requests` that were turned away before anything was handed on, and the `items` in them as far as they
   * are known. Their sender still owns them. `reason` is lower_snake and of a small fixed set.
   */
  refused(signal: Signal, reason: string, requests: number, items?: number): void
}

export interface CollectRequest {
  filter?: CollectFilter
  /** A finished unfiltered collection not older than this is good enough. */
  maxAgeMs: number
  signal: AbortSignal
}
export interface CollectOutcome {
  source: string
  /** The collection that is now in the asking exporter, if there is one. */
  sequence?: number
  error?: string
}
/** Lets a pull exporter have everything upstream of it read now. Resolves when all of it was consumed; never rejects. */
export interface Collections {
  collect(request: CollectRequest): Promise<CollectOutcome[]>
  /** Every name that a filter may use upstream of this exporter. */
  names(): ReadonlySet<string>
  /** The longest time between two collections that timers upstream bring, milliseconds; 0 when scrapes alone collect. */
  intervalMs(): number
}

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'
export interface HealthSource {
  /** The worst that a component says. */
  status(): HealthStatus
  /** True when everything was started and nothing drains yet. */
  ready(): boolean
  /** Unix milliseconds of the start. */
  readonly upSinceMs: number
}

/** What the agent gives every component that it creates. */
export interface Settings {
  /** `type` or `type/name`, in today's spelling. */
  readonly id: string
  readonly kind: Kind
  /** The pipeline a processor belongs to, `metrics/host`; undefined for the other kinds. */
  readonly pipeline?: string
  readonly log: Logger
  readonly clock: Clock
  readonly series: SeriesTable
  readonly drops: DropCounter
  readonly listeners: Listeners
  /** The running extension that the component's config names; its definition says where (`uses`). */
  extension(id: string): Extension
  readonly admission: Admission
  /** The bytes that all queues together may keep in memory. */
  readonly budget: MemoryBudget
  /** Exporters only: collections upstream. */
  readonly collections: Collections
  /** What `/health` says of this component from now on; `message` names the config key to change, if one is to blame. */
  report(status: HealthStatus, message?: string): void
  /** The agent's own health, for components that publish it. */
  readonly health: HealthSource
  /** Name and version of the agent, for user agents and build info. */
  readonly agent: { readonly name: string; readonly version: string }
}

/** Handler of one HTTP request. A throw or rejection is answered with 500 and logged. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>

/** Path → handler; a path that ends in `/` takes everything below it, the longest match wins. */
export type Routes = Record<string, HttpHandler>

export interface ListenOptions {
  /** Config key that chose the address, for «port taken» messages. */
  configKey: string
  tls?: TlsOptions
}
export interface Borrowed {
  /** The address it really listens on; the port is the chosen one for port 0. */
  readonly address: { readonly host: string; readonly port: number }
  /** Gives the routes back; a later borrower of the same paths already has them, so this never closes its socket. */
  release(): Promise<void>
}

/** What a gRPC method knows of a call. */
export interface GrpcCall {
  /** `/package.Service/Method`. */
  readonly path: string
  /** Address of the sender; undefined on a unix socket. */
  readonly peer: string | undefined
  /** Metadata by lower-case name, as node:http2 gives headers. */
  readonly headers: IncomingHttpHeaders
}
/** One unary call that a method has let in. */
export interface GrpcExchange {
  /** Called before memory is used for the message, with its size so far known; again with its size once decompressed. Throws to refuse. */
  reserve(sizeBytes: number): void
  /** The message in an ArrayBuffer of its own; resolves with the answer. */
  handle(message: Uint8Array): Promise<Uint8Array>
  /** Called once, when the call is over. `error`: what it was answered with, or undefined for success and for a client that left. */
  close(error?: Error): void
}
/** A unary method. What it throws answers the call: an RpcError with its status, anything else with INTERNAL. */
export interface GrpcMethod {
  /** Most bytes of a message, as sent and decompressed; more is answered with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number
  open(call: GrpcCall): GrpcExchange | Promise<GrpcExchange>
}
/** `/package.Service/Method` → method. */
export type GrpcMethods = Record<string, GrpcMethod>

/** How gRPC connections are kept; times are milliseconds, undefined is never. */
export interface GrpcConnectionOptions {
  /** Calls at a time on one connection. */
  maxConcurrentStreams: number
  /** Ends a connection that had no call for so long. */
  maxIdleMs?: number
  /** Ends a connection of this age, give or take a tenth; calls that run then may take `maxAgeGraceMs` longer. */
  maxAgeMs?: number
  maxAgeGraceMs?: number
  /** Asks a silent client for a sign of life after so long, and ends the connection when none comes within `pingTimeoutMs`. */
  pingAfterMs: number
  pingTimeoutMs: number
  /** Ends connections that ping more often; undefined lets them. */
  pings?: { minIntervalMs: number; withoutCalls: boolean }
}

/** Shared listeners, keyed by address: `host:port`, or `unix:` and a path. */
export interface Listeners {
  /** Opens the address unless it is open, and serves `routes` there. Rejects with StartError when it can't be opened. */
  http(endpoint: string, routes: Routes, options: ListenOptions): Promise<Borrowed>
  /** The same for gRPC methods. Connections that are open keep the options they began with. */
  grpc(
    endpoint: string,
    methods: GrpcMethods,
    options: ListenOptions & { connections: GrpcConnectionOptions },
  ): Promise<Borrowed>
}
