import { ByteSink } from '../../src/prometheus/byte_sink.ts'
import type { ExpositionFormat } from '../../src/prometheus/exposition.ts'
import { labelText, seriesText } from '../../src/prometheus/labels.ts'
import { ProtobufSink } from '../../src/prometheus/protobuf_sink.ts'
import { ProtobufWriter } from '../../src/prometheus/protobuf_writer.ts'
import { openMetricsFamily, type TextFamily, TextWriter, textFamily } from '../../src/prometheus/text_writer.ts'
import { nanosToMs } from '../../src/telemetry/metrics/batch.ts'
import type { DistributionValue, Exemplar } from '../../src/telemetry/metrics/values.ts'
import { type FreshMark, type SeriesStore, STATE } from './store.ts'
import type { View } from './view.ts'
import type { ViewFamily } from './view_family.ts'
import { zeroed } from './zeroed.ts'

export interface RenderOptions {
  readonly sendTimestamps: boolean
  /** OpenMetrics: `_created` lines. */
  readonly createdLines: boolean
}

const NO_EXEMPLARS: readonly Exemplar[] = []

/** Writes pages of one format from the store, family by family. */
export interface Renderer {
  begin(view: View, sizeHint: number): void
  family(family: ViewFamily): void
  /** Writes `members[from, to)`. Series whose 0 is shown while it waits to be seen go to `fresh`. */
  members(family: ViewFamily, members: readonly number[], from: number, to: number, fresh: FreshMark[]): void
  endFamily(): void
  /** The page; the next one begins in other bytes. */
  end(): Buffer
}

export function createRenderer(format: ExpositionFormat, store: SeriesStore, options: RenderOptions): Renderer {
  return format === 'protobuf'
    ? new ProtobufRenderer(store, options)
    : new TextRenderer(store, options, format === 'openmetrics')
}

/** What an entry shows now, whatever arrived last: 0 as long as this must be seen first. */
function shownDistribution(store: SeriesStore, entry: number): DistributionValue | undefined {
  const value = store.distributions[entry]
  return value && (store.states[entry] & STATE.FRESH) !== 0 ? zeroed(value) : value
}

function noteFresh(store: SeriesStore, entry: number, fresh: FreshMark[]): void {
  const mark = store.fresh.get(entry)
  if (mark) fresh.push(mark)
}

class TextRenderer implements Renderer {
  readonly #store: SeriesStore
  readonly #options: RenderOptions
  readonly #openMetrics: boolean
  readonly #writer: TextWriter
  readonly #headers = new WeakMap<ViewFamily, { header: Buffer; text: TextFamily }>()
  #view!: View

  constructor(store: SeriesStore, options: RenderOptions, openMetrics: boolean) {
    this.#store = store
    this.#options = options
    this.#openMetrics = openMetrics
    this.#writer = new TextWriter(openMetrics)
  }

  begin(view: View, sizeHint: number): void {
    this.#view = view
    this.#writer.sink = new ByteSink(sizeHint)
  }

  family(family: ViewFamily): void {
    this.#writer.sink.set(this.#header(family).header)
  }

  #header(family: ViewFamily): { header: Buffer; text: TextFamily } {
    const known = this.#headers.get(family)
    const text = this.#textFamily(family)
    if (known && known.text.type === text.type) return known
    const writer = new TextWriter(this.#openMetrics)
    writer.family(text)
    const made = { header: writer.sink.written(), text }
    this.#headers.set(family, made)
    return made
  }

  /** OpenMetrics takes the suffix off a family's name; where that is another family's name already, the type goes instead. */
  #textFamily(family: ViewFamily): TextFamily {
    if (!this.#openMetrics) return textFamily(family)
    const text = openMetricsFamily(family)
    if (text.name === family.name || !this.#view.has(text.name)) return text
    return { ...text, name: family.name, type: family.type === 'counter' ? 'unknown' : 'gauge', unit: '' }
  }

  members(family: ViewFamily, members: readonly number[], from: number, to: number, fresh: FreshMark[]): void {
    const store = this.#store
    const view = this.#view
    const writer = this.#writer
    const { sendTimestamps } = this.#options
    const createdLines = this.#openMetrics && this.#options.createdLines && hasCreated(family)
    for (let i = from; i < to; i++) {
      const entry = members[i]
      if (!view.shows(entry, family)) continue
      const timeMs = sendTimestamps ? nanosToMs(store.times[entry * 2], store.times[entry * 2 + 1]) : 0
      if ((store.states[entry] & ~STATE.OWN) === 0)
        writer.number(view.texts, view.starts[entry], view.lengths[entry], store.values[entry], timeMs)
      else this.#special(family, entry, timeMs, fresh)
      if (createdLines) this.#created(family, entry, timeMs)
    }
  }

  #special(family: ViewFamily, entry: number, timeMs: number, fresh: FreshMark[]): void {
    const store = this.#store
    const { texts, starts, lengths, headLengths } = this.#view
    const isFresh = (store.states[entry] & STATE.FRESH) !== 0
    if (isFresh) noteFresh(store, entry, fresh)
    const exemplars = (!isFresh && store.exemplars.get(entry)) || NO_EXEMPLARS
    const start = starts[entry]
    const length = lengths[entry]
    const value = shownDistribution(store, entry)
    if (value) {
      const place = { start, length, headLength: headLengths[entry] }
      this.#writer.distribution(texts, place, family.type === 'gaugehistogram', value, timeMs, exemplars)
    } else {
      const takesExemplar = this.#openMetrics && this.#header(family).text.type === 'counter'
      const exemplar = takesExemplar ? exemplars[exemplars.length - 1] : undefined
      this.#writer.number(texts, start, length, isFresh ? 0 : store.values[entry], timeMs, exemplar)
    }
  }

  #created(family: ViewFamily, entry: number, timeMs: number): void {
    const { starts } = this.#store
    const startMs = nanosToMs(starts[entry * 2], starts[entry * 2 + 1])
    const { text } = this.#header(family)
    if (startMs === 0 || text.type === 'unknown') return
    this.#writer.created(seriesText(`${text.name}_created`, labelText(this.#view.labels(entry))), startMs, timeMs)
  }

  endFamily(): void {}

  end(): Buffer {
    this.#writer.end()
    return this.#writer.sink.written()
  }
}

const hasCreated = ({ type }: ViewFamily): boolean => type === 'counter' || type === 'histogram' || type === 'summary'

class ProtobufRenderer implements Renderer {
  readonly #store: SeriesStore
  readonly #options: RenderOptions
  readonly #writer = new ProtobufWriter()
  #view!: View
  #familyStart = 0

  constructor(store: SeriesStore, options: RenderOptions) {
    this.#store = store
    this.#options = options
  }

  begin(view: View, sizeHint: number): void {
    this.#view = view
    this.#writer.sink = new ProtobufSink(sizeHint)
  }

  family(family: ViewFamily): void {
    this.#familyStart = this.#writer.family(family)
  }

  members(family: ViewFamily, members: readonly number[], from: number, to: number, fresh: FreshMark[]): void {
    const store = this.#store
    const view = this.#view
    const writer = this.#writer
    const { sendTimestamps } = this.#options
    for (let i = from; i < to; i++) {
      const entry = members[i]
      if (!view.shows(entry, family)) continue
      const labels = view.labelFields(entry)
      const lo = entry * 2
      const hi = lo + 1
      if ((store.states[entry] & ~STATE.OWN) === 0 && !sendTimestamps && store.starts[hi] === 0) {
        writer.plainNumber(family.type, labels, store.values[entry])
        continue
      }
      const times = {
        timeMs: sendTimestamps ? nanosToMs(store.times[lo], store.times[hi]) : 0,
        startNanos: store.starts[hi] === 0 ? 0n : (BigInt(store.starts[hi]) << 32n) | BigInt(store.starts[lo]),
      }
      const isFresh = (store.states[entry] & STATE.FRESH) !== 0
      if (isFresh) noteFresh(store, entry, fresh)
      const exemplars = (!isFresh && store.exemplars.get(entry)) || NO_EXEMPLARS
      const value = shownDistribution(store, entry)
      if (value) writer.distribution(family.type, labels, value, times, exemplars)
      else {
        const shown = isFresh ? 0 : store.values[entry]
        writer.number(family.type, labels, shown, times, exemplars[exemplars.length - 1])
      }
    }
  }

  endFamily(): void {
    this.#writer.endFamily(this.#familyStart)
  }

  end(): Buffer {
    return this.#writer.sink.written()
  }
}
