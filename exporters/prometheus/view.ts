import type { FamilyMetadata, Label } from '../../src/prometheus/exposition.ts'
import { escapeLabels, labelText, seriesText } from '../../src/prometheus/labels.ts'
import { compareUtf8, type Escaping, escapeName, isLegacyLabel, isLegacyName } from '../../src/prometheus/names.ts'
import { labelFields } from '../../src/prometheus/protobuf_writer.ts'
import { compareSeries } from '../../src/prometheus/series_order.ts'
import { SeriesTexts } from '../../src/prometheus/series_texts.ts'
import { hashBytes } from '../../src/telemetry/hash.ts'
import { HashIndex } from '../../src/telemetry/metrics/hash_index.ts'
import { refusalOf } from './refusals.ts'
import { grown } from './store.ts'
import { createFamily, orderFamily, sampleNames, type ViewFamily } from './view_family.ts'

/** What an entry shows before names are escaped. */
export interface Exposure {
  readonly family: FamilyMetadata
  readonly labels: readonly Label[]
}

export interface ViewOwner {
  exposure(entry: number): Exposure
  /** Something of this family is not shown, or not as it says; told once until it is mended. */
  conflict(family: FamilyMetadata, message: string): void
}

/** Texts of series that are gone may take this much before the others are moved together. */
const MIN_WASTE_BYTES = 1 << 20

/**
 * Everything that is shown under one way to escape names: families, which entry is whose, rendered texts, order. As long as
 * all names are legacy names one view serves every scraper.
 */
export class View {
  readonly escaping: Escaping
  /** Entries with a name or label that older versions don't take. */
  unusual = 0
  texts = new SeriesTexts()
  starts = new Uint32Array(0)
  lengths = new Uint32Array(0)
  headLengths = new Uint32Array(0)
  #labelCounts = new Uint8Array(0)
  #unusual = new Uint8Array(0)
  readonly #labelFields: (Uint8Array | undefined)[] = []
  readonly #familyOf: (ViewFamily | undefined)[] = []
  readonly #families = new Map<string, ViewFamily>()
  /** Names of samples that families with suffixes make. */
  readonly #claims = new Map<string, ViewFamily>()
  readonly #index = new HashIndex(new Uint32Array(0))
  readonly #hash = new Uint32Array(4)
  readonly #seed: Uint32Array
  readonly #owner: ViewOwner
  /** Set for the view that decides what counts as dropped. */
  readonly #refusals: ((entry: number, refusal: number) => void) | undefined
  #sorted: readonly ViewFamily[] = []
  #dirty = new Set<ViewFamily>()
  #retry = new Set<ViewFamily>()
  #namesChanged = false
  #wasteBytes = 0

  constructor(
    escaping: Escaping,
    seed: Uint32Array,
    owner: ViewOwner,
    refusals?: (entry: number, refusal: number) => void,
  ) {
    this.escaping = escaping
    this.#seed = seed
    this.#owner = owner
    this.#refusals = refusals
  }

  add(entry: number): void {
    if (entry >= this.starts.length) this.#grow(2 ** Math.ceil(Math.log2(Math.max(entry + 1, 1024))))
    const { family: metadata, labels } = this.#owner.exposure(entry)
    const name = escapeName(metadata.name, this.escaping)
    const family = this.#families.get(name) ?? this.#newFamily({ ...metadata, name })
    const escaped = escapeLabels(labels, this.escaping)
    const text = labelText(escaped)
    if (family.name !== name || family.type !== metadata.type) {
      const message = `${name} is a ${metadata.type}, but ${family.name} is a ${family.type} already`
      this.#refuse(entry, family, 'type_conflict', message)
    } else if (this.#place(entry, family, text)) {
      this.#accept(entry, family, escaped)
      this.#compareHelp(family, metadata)
    } else this.#refuse(entry, family, 'duplicate_series', `two series are ${seriesText(name, text)}`)
  }

  /** Renders the entry's texts; false when another one has the same. */
  #place(entry: number, family: ViewFamily, labels: string): boolean {
    const { start, length, headLength } = this.texts.add(family.name, family.type, labels)
    if (!this.#claim(entry, start, length)) {
      this.texts.sink.at = start
      return false
    }
    this.starts[entry] = start
    this.lengths[entry] = length
    this.headLengths[entry] = headLength
    return true
  }

  #accept(entry: number, family: ViewFamily, labels: readonly Label[]): void {
    this.#labelCounts[entry] = Math.min(labels.length, 255)
    this.#unusual[entry] = isLegacyName(family.name) && labels.every(([label]) => isLegacyLabel(label)) ? 0 : 1
    this.unusual += this.#unusual[entry]
    this.#familyOf[entry] = family
    if (family.live++ === 0) this.#namesChanged = true
    family.added.add(entry)
    this.#dirty.add(family)
    this.#refusals?.(entry, 0)
  }

  #compareHelp(family: ViewFamily, { help }: FamilyMetadata): void {
    if (help === family.help || family.helpReported) return
    family.helpReported = true
    this.#owner.conflict(family, `${family.name} has two help texts: the first one is shown`)
  }

  remove(entry: number): void {
    const family = this.#familyOf[entry]
    this.#familyOf[entry] = this.#labelFields[entry] = undefined
    if (!family || family.refused.delete(entry)) return
    this.#index.remove(entry)
    this.#wasteBytes += this.lengths[entry]
    this.unusual -= this.#unusual[entry]
    if (!family.added.delete(entry)) family.gone.add(entry)
    this.#dirty.add(family)
    if (family.refused.size > 0) this.#retry.add(family)
    else family.reported = false
    if (--family.live === 0) this.#drop(family)
  }

  /** Families by name, each with its members in order. Done anew only where something came or went. */
  families(): readonly ViewFamily[] {
    for (const family of this.#retry) this.#tryAgain(family)
    this.#retry.clear()
    for (const family of this.#dirty) this.#order(family)
    this.#dirty.clear()
    if (this.#namesChanged) {
      this.#sorted = [...this.#families.values()].sort((a, b) => compareUtf8(a.name, b.name))
      this.#namesChanged = false
    }
    if (this.#wasteBytes > MIN_WASTE_BYTES && this.#wasteBytes * 2 > this.texts.sizeBytes) this.#compact()
    return this.#sorted
  }

  /** Whether this name is that of a family. */
  has(name: string): boolean {
    return this.#families.has(name)
  }
  /** Its labels, names escaped. */
  labels(entry: number): readonly Label[] {
    return escapeLabels(this.#owner.exposure(entry).labels, this.escaping)
  }
  /** Its labels as fields of a protobuf message. */
  labelFields(entry: number): Uint8Array {
    this.#labelFields[entry] ??= labelFields(this.labels(entry))
    return this.#labelFields[entry]
  }
  /** True while the entry is one of this family's. */
  shows(entry: number, family: ViewFamily): boolean {
    return this.#familyOf[entry] === family
  }

  #newFamily(metadata: FamilyMetadata): ViewFamily {
    const { name } = metadata
    const suffixed = sampleNames(metadata)
    for (const taken of [name, ...suffixed]) {
      const other = this.#claims.get(taken) ?? this.#families.get(taken)
      if (other) return other
    }
    const family = createFamily(metadata)
    this.#families.set(name, family)
    for (const sample of suffixed) this.#claims.set(sample, family)
    return family
  }

  #drop(family: ViewFamily): void {
    this.#families.delete(family.name)
    for (const sample of sampleNames(family)) this.#claims.delete(sample)
    this.#namesChanged = true
    this.#dirty.delete(family)
  }

  #refuse(entry: number, family: ViewFamily, reason: 'type_conflict' | 'duplicate_series', message: string): void {
    this.#familyOf[entry] = family
    family.refused.add(entry)
    this.#refusals?.(entry, refusalOf(reason))
    if (!family.reported) this.#report(family, `${message}: the first one is shown`)
  }

  #report(family: ViewFamily, message: string): void {
    family.reported = true
    this.#owner.conflict(family, message)
  }

  #tryAgain(family: ViewFamily): void {
    const entries = [...family.refused]
    family.refused.clear()
    for (const entry of entries) {
      this.#familyOf[entry] = undefined
      this.add(entry)
    }
    if (family.refused.size === 0) family.reported = false
  }

  #order(family: ViewFamily): void {
    if (this.#families.get(family.name) !== family) return
    orderFamily(family, (a, b) => this.#compare(a, b))
  }

  #compare(a: number, b: number): number {
    const { bytes } = this.texts.sink
    const { starts, lengths } = this
    return (
      this.#labelCounts[a] - this.#labelCounts[b] ||
      compareSeries(bytes, starts[a], starts[a] + lengths[a], starts[b], starts[b] + lengths[b])
    )
  }

  /** Adds the text to the index; false when it is there already. */
  #claim(entry: number, start: number, length: number): boolean {
    hashBytes(this.texts.sink.bytes, start, start + length, this.#seed, this.#hash)
    if (this.#index.find(this.#hash) >= 0) return false
    this.#index.lanes.set(this.#hash, entry * 4)
    this.#index.add(entry)
    return true
  }

  #compact(): void {
    const fresh = new SeriesTexts()
    for (const { members } of this.#sorted) {
      for (const entry of members) {
        const start = fresh.sink.at
        fresh.sink.copyText(this.texts.sink, this.starts[entry], this.lengths[entry])
        this.starts[entry] = start
      }
    }
    this.texts = fresh
    this.#wasteBytes = 0
  }

  #grow(n: number): void {
    this.starts = grown(this.starts, new Uint32Array(n))
    this.lengths = grown(this.lengths, new Uint32Array(n))
    this.headLengths = grown(this.headLengths, new Uint32Array(n))
    this.#labelCounts = grown(this.#labelCounts, new Uint8Array(n))
    this.#unusual = grown(this.#unusual, new Uint8Array(n))
    this.#index.lanes = grown(this.#index.lanes, new Uint32Array(n * 4))
  }
}
