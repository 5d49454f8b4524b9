import { z } from 'zod'
import type { Clock } from '../../src/component/clock.ts'
import type { Logger } from '../../src/component/types.ts'
import type { HostRoot } from '../../src/host/host_root.ts'
import type { Emitter, Family } from '../../src/telemetry/metrics/emitter.ts'

/** The host as collectors see it. */
export interface Host {
  readonly proc: HostRoot
  readonly sys: HostRoot
  readonly udev: HostRoot
  /** Folder below which the host's mount points are. */
  readonly rootfs: string
  readonly clock: Clock
  readonly log: Logger
  /** Names of the collectors that run. */
  readonly enabled: ReadonlySet<string>
}

/** What collectors write samples with. */
export type Samples = Pick<Emitter, 'emit' | 'series' | 'put'>

/**
 * Where a collection may pause: `yield` lets the event loop have a turn when the slice is used up, a promise is waited for.
 * A collection that is over never comes back from its `yield`.
 */
export type Steps = Generator<Promise<unknown> | undefined, void, undefined>

/** A collector at work. It is closed once, and not used after that. */
export interface Collector {
  /**
   * Reads its source and writes all its samples; a generator when it reads more than a few files, or must wait. A throw means
   * that it failed: what it wrote until then counts, the other collectors go on. Throws NoData when there is nothing to read.
   */
  collect(samples: Samples): Steps | undefined
  close?(): void
}

/** The source is not there, on this host or now. Reported like a failure, logged for debugging only. */
export class NoData extends Error {
  override name = 'NoData'
}

/** The file's bytes, as HostRoot.read gives them. Throws NoData when there is no such file: its part of the kernel is not there. */
export function present(root: HostRoot, name: string): Buffer {
  const bytes = root.find(name)
  if (!bytes) throw new NoData(`there is no ${root.path}/${name}`)
  return bytes
}

/** A setting that its schema can't find wrong alone. */
export interface FlagProblem {
  readonly flag: string
  readonly message: string
}

export interface CollectorDefinition {
  /** node_exporter's name of it: config key, file name, value of the label `collector`. */
  readonly name: string
  readonly config: z.ZodType<{ readonly enabled: boolean }>
  /** Every family that it can write; those that are named by what the kernel has come as they are found. */
  readonly families: readonly Family[]
  problems(config: unknown): readonly FlagProblem[]
  create(config: unknown, host: Host): Collector
}

interface Given<S extends z.ZodRawShape> {
  readonly name: string
  /** Whether node_exporter runs it when nothing is said. */
  readonly defaultEnabled: boolean
  /** node_exporter's flags of it in snake_case, without `collector.<name>.`. */
  readonly flags: S
  readonly families: readonly Family[]
  problems?(flags: z.output<z.ZodObject<S>>): readonly FlagProblem[]
  create(flags: z.output<z.ZodObject<S>>, host: Host): Collector
}

/** Declares a collector: its flags become its part of the receiver's config, together with `enabled`. */
export function defineCollector<S extends z.ZodRawShape>(given: Given<S>): CollectorDefinition {
  type Flags = z.output<z.ZodObject<S>>
  const enabled = z.boolean().default(given.defaultEnabled).describe(`Run the ${given.name} collector.`)
  return {
    name: given.name,
    families: given.families,
    config: z.strictObject({ enabled, ...given.flags }).describe(`Collector ${given.name}.`) as unknown as z.ZodType<{
      readonly enabled: boolean
    }>,
    problems: config => given.problems?.(config as Flags) ?? [],
    create: (config, host) => given.create(config as Flags, host),
  }
}
