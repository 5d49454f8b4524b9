import { encodeAttributes } from '../attributes.ts'
import type { Origin } from '../origin.ts'
import { NO_RESOURCE, NO_SCOPE, type Resource, type Scope } from '../resource.ts'
import type { MetricBatch } from './batch.ts'
import { BatchBuilder } from './batch_builder.ts'
import type { Descriptor } from './descriptor.ts'
import { NO_SERIES, type SeriesId, type SeriesTable } from './series_table.ts'
import type { DistributionValue } from './values.ts'

/** A family as a receiver declares it: its descriptor and the label names that each sample gives values for. */
export interface Family {
  readonly descriptor: Descriptor
  readonly labels: readonly string[]
}

export function family(descriptor: Descriptor, ...labels: string[]): Family {
  return { descriptor, labels }
}

interface Entry {
  id: SeriesId
  usedIn: number
}

/** Collections that a series may miss before its place is given back. */
const KEPT_COLLECTIONS = 3

/**
 * What pull receivers write samples with. Series that it saw before cost one map look-up by their label values; they are
 * retained while they keep coming, and given back after three collections without them.
 */
export class Emitter {
  readonly #table: SeriesTable
  readonly #resource: Resource
  readonly #scope: Scope
  readonly #builder: BatchBuilder
  readonly #families = new Map<Family, Map<string, Entry>>()
  #round = 0

  constructor(table: SeriesTable, resource: Resource = NO_RESOURCE, scope: Scope = NO_SCOPE) {
    this.#table = table
    this.#resource = resource
    this.#scope = scope
    this.#builder = new BatchBuilder(table)
  }

  /** Begins a collection: the points that follow have this time, Unix milliseconds; 0 = none (as exporters send). */
  begin(timeMs: number): void {
    this.#round++
    this.#builder.at(timeMs)
  }

  /** One sample; label values in the order of the family's labels. An empty value is a label that is not there. */
  emit(family: Family, value: number, ...labelValues: string[]): void {
    this.#builder.number(this.#series(family, labelValues), value)
  }

  distribution(family: Family, value: DistributionValue, ...labelValues: string[]): void {
    this.#builder.distribution(this.#series(family, labelValues), value)
  }

  /** The batch of what was emitted since `begin`. */
  finish(origin: Origin): MetricBatch {
    const batch = this.#builder.finish(origin)
    for (const entries of this.#families.values()) {
      for (const [key, entry] of entries) {
        if (this.#round - entry.usedIn < KEPT_COLLECTIONS) continue
        this.#table.release(entry.id)
        entries.delete(key)
      }
    }
    return batch
  }

  /** Gives back every series. */
  close(): void {
    for (const entries of this.#families.values()) for (const { id } of entries.values()) this.#table.release(id)
    this.#families.clear()
  }

  #series(family: Family, labelValues: string[]): SeriesId {
    let entries = this.#families.get(family)
    if (!entries) this.#families.set(family, (entries = new Map()))
    const cacheKey = labelValues.length === 1 ? labelValues[0] : labelValues.join('\u0000')
    const known = entries.get(cacheKey)
    if (known) {
      known.usedIn = this.#round
      return known.id
    }
    const pairs = family.labels.map((name, i) => [name, labelValues[i]] as const).filter(([, value]) => value !== '')
    const key = this.#table.keys.key(this.#resource, this.#scope, family.descriptor, encodeAttributes(pairs))
    const id = this.#table.intern(key)
    if (id === NO_SERIES) return this.#builder.ref(key)
    entries.set(cacheKey, { id, usedIn: this.#round })
    return id
  }
}
