import type { Clock } from '../../src/component/clock.ts'
import type { DropCounter, Logger } from '../../src/component/types.ts'
import type { FamilyMetadata } from '../../src/prometheus/exposition.ts'
import type { Escaping } from '../../src/prometheus/names.ts'
import { newSeed } from '../../src/telemetry/hash.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import type { Descriptor } from '../../src/telemetry/metrics/descriptor.ts'
import type { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import type { Naming } from './naming.ts'
import type { NameFilter } from './patterns.ts'
import { REFUSALS, refusalOf } from './refusals.ts'
import { SeriesStore } from './store.ts'
import { TARGET_INFO, Targets } from './targets.ts'
import { type Exposure, View } from './view.ts'

export interface ExposerOptions {
  readonly table: SeriesTable
  readonly naming: Naming
  readonly filter: NameFilter
  readonly drops: Pick<DropCounter, 'dropped'>
  readonly log: Logger
  readonly clock: Clock
  readonly expirationMs: number
}

/** What an exporter shows: the store of last points, and views of it for scrapers of all kinds. */
export class Exposer {
  readonly store: SeriesStore
  readonly #options: ExposerOptions
  readonly #targets: Targets
  readonly #seed = newSeed()
  readonly #base: View
  /** Views for scrapers that take legacy names only, while some names are not. */
  readonly #others = new Map<Escaping, View>()
  /** What own entries show. */
  readonly #own = new Map<number, Exposure>()
  readonly #refusalOf = new WeakMap<Descriptor, number>()
  readonly #showsTargets: boolean

  constructor(options: ExposerOptions) {
    this.#options = options
    this.#showsTargets = options.filter.takes(TARGET_INFO.name)
    this.store = new SeriesStore(options.table, {
      refusal: descriptor => this.#refusal(descriptor),
      added: entry => this.#added(entry),
      removed: entry => this.#removed(entry),
      dropped: (refusal, items) => options.drops.dropped('metrics', REFUSALS[refusal], items),
    })
    this.#base = this.#view('allow-utf-8', (entry, refusal) => {
      this.store.refusals[entry] = refusal
    })
    this.#targets = new Targets(
      options.naming,
      labels => this.#showOwn({ family: TARGET_INFO, labels }),
      entry => this.#hideOwn(entry),
      message => options.log.warn(message),
    )
  }

  consume(batch: MetricBatch): void {
    this.store.consume(batch, this.#options.clock.monotonicMs())
  }

  /** Takes out what is over before a scrape; `collected` as `SeriesStore.prepare` has it. */
  prepare(collected: ReadonlyMap<string, number>): void {
    this.store.prepare(collected, this.#options.expirationMs, this.#options.clock.monotonicMs())
  }

  sweep(): void {
    this.store.sweep(this.#options.expirationMs, this.#options.clock.monotonicMs())
  }

  /** The view for scrapers that want names escaped so. */
  view(escaping: Escaping): View {
    if (this.#base.unusual === 0) {
      this.#others.clear()
      return this.#base
    }
    if (escaping === 'allow-utf-8') return this.#base
    let view = this.#others.get(escaping)
    if (!view) {
      view = this.#view(escaping)
      for (let entry = 0; entry < this.store.end; entry++) if (this.store.alive(entry)) view.add(entry)
      this.#others.set(escaping, view)
    }
    return view
  }

  close(): void {
    this.store.close()
  }

  #view(escaping: Escaping, refusals?: (entry: number, refusal: number) => void): View {
    const owner = {
      exposure: (entry: number) => this.#exposure(entry),
      conflict: (_family: FamilyMetadata, message: string) => this.#options.log.warn(message),
    }
    return new View(escaping, this.#seed, owner, refusals)
  }

  #refusal(descriptor: Descriptor): number {
    const known = this.#refusalOf.get(descriptor)
    if (known !== undefined) return known
    const refusal = this.#judge(descriptor)
    this.#refusalOf.set(descriptor, refusal)
    return refusal
  }

  #judge(descriptor: Descriptor): number {
    const { kind, temporality } = descriptor
    if (kind !== 'gauge' && kind !== 'summary' && temporality !== 'cumulative')
      return refusalOf(temporality === 'delta' ? 'delta_temporality' : 'unspecified_temporality')
    const family = this.#options.naming.family(descriptor)
    if (!family) return refusalOf('invalid_name')
    return this.#options.filter.takes(family.name) ? 0 : refusalOf('filtered')
  }

  #exposure(entry: number): Exposure {
    const own = this.#own.get(entry)
    if (own) return own
    const key = this.store.key(entry)
    const family = this.#options.naming.family(key.descriptor)
    if (!family) throw new Error(`a series of ${key.descriptor.name} was taken that has no name`)
    return { family, labels: this.#options.naming.labels(key) }
  }

  #added(entry: number): void {
    this.#eachView(view => view.add(entry))
    if (this.#showsTargets) this.#targets.retain(this.store.key(entry).resource)
  }
  #removed(entry: number): void {
    this.#eachView(view => view.remove(entry))
    if (this.#showsTargets && !this.#own.has(entry)) this.#targets.release(this.store.key(entry).resource)
  }

  #showOwn(exposure: Exposure): number {
    const entry = this.store.addOwn()
    this.#own.set(entry, exposure)
    this.#eachView(view => view.add(entry))
    return entry
  }
  #hideOwn(entry: number): void {
    this.store.removeOwn(entry)
    this.#own.delete(entry)
  }

  #eachView(act: (view: View) => void): void {
    act(this.#base)
    for (const view of this.#others.values()) act(view)
  }
}
