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

/** A series that its emitter knows: whoever keeps it emits without a look-up. Made by `Emitter.series`. */
export interface SeriesHandle {
  readonly family: Family
  readonly labelValues: readonly string[]
}

interface Entry extends SeriesHandle {
  readonly cacheKey: string
  /** NO_SERIES while it has no place in the table. */
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
    this.#builder.number(this.#ref(this.#entry(family, labelValues)), value)
  }

  distribution(family: Family, value: DistributionValue, ...labelValues: string[]): void {
    this.#builder.distribution(this.#ref(this.#entry(family, labelValues)), value)
  }

  /** The series with these label values, to keep. It stays good when its place was given back, and takes a new one when used. */
  series(family: Family, ...labelValues: string[]): SeriesHandle {
    return this.#entry(family, labelValues)
  }

  /** `emit` for a kept series: 0.03 µs where the look-up by two labels takes 0.22. */
  put(series: SeriesHandle, value: number): void {
    this.#builder.number(this.#ref(series as Entry), value)
  }

  /** The batch of what was emitted since `begin`. */
  finish(origin: Origin): MetricBatch {
    const batch = this.#builder.finish(origin)
    for (const entries of this.#families.values()) {
      for (const [key, entry] of entries) {
        if (this.#round - entry.usedIn < KEPT_COLLECTIONS) continue
        this.#giveBack(entry)
        entries.delete(key)
      }
    }
    return batch
  }

  /** Gives back every series. */
  close(): void {
    for (const entries of this.#families.values()) for (const entry of entries.values()) this.#giveBack(entry)
    this.#families.clear()
  }

  #giveBack(entry: Entry): void {
    if (entry.id !== NO_SERIES) this.#table.release(entry.id)
    entry.id = NO_SERIES
  }

  #entriesOf(family: Family): Map<string, Entry> {
    let entries = this.#families.get(family)
    if (!entries) {
      entries = new Map()
      this.#families.set(family, entries)
    }
    return entries
  }

  #entry(family: Family, labelValues: string[]): Entry {
    const entries = this.#entriesOf(family)
    const cacheKey = labelValues.length === 1 ? labelValues[0] : labelValues.join('\u0000')
    let entry = entries.get(cacheKey)
    if (!entry) {
      entry = { family, labelValues, cacheKey, id: NO_SERIES, usedIn: this.#round }
      entries.set(cacheKey, entry)
    }
    return entry
  }

  #ref(entry: Entry): SeriesId {
    entry.usedIn = this.#round
    return entry.id === NO_SERIES ? this.#admit(entry) : entry.id
  }

  /** Gives the entry a place in the table; when there is none, its key travels with the batch. */
  #admit(entry: Entry): SeriesId {
    const { family, labelValues, cacheKey } = entry
    const entries = this.#entriesOf(family)
    const known = entries.get(cacheKey)
    if (known && known !== entry) return this.#ref(known)
    entries.set(cacheKey, entry)
    const pairs = family.labels.map((name, i) => [name, labelValues[i]] as const).filter(([, value]) => value !== '')
    const key = this.#table.keys.key(this.#resource, this.#scope, family.descriptor, encodeAttributes(pairs))
    entry.id = this.#table.intern(key)
    return entry.id === NO_SERIES ? this.#builder.ref(key) : entry.id
  }
}
