import type { FamilyMetadata, Label, MetricType, Negotiated } from './exposition.ts'
import { type ProtobufMetric, ProtobufReader, readLabelFields } from './protobuf_reader.ts'
import { ExpositionError, readLabels, readSeries } from './series_reader.ts'
import { TextReader, type TextSample } from './text_reader.ts'

const LIMITS = { maxLabels: 1000 }

/** A line of a text page, as strings. */
export interface PageSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly timeMs?: number
  readonly exemplar?: {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly seconds?: string
  }
}
/** A metric of a protobuf page. */
export interface PageMetric extends Pick<ProtobufMetric, 'value' | 'summary' | 'histogram' | 'native' | 'exemplars'> {
  readonly labels: Readonly<Record<string, string>>
  readonly timeMs?: number
  readonly createdNanos: bigint
}
export interface PageFamily {
  type?: MetricType
  help?: string
  unit?: string
  readonly metrics: PageMetric[]
}

/** A whole page as objects, for whoever has one and not a stream of them. */
export interface ExpositionPage {
  /** By the name that comments say: in OpenMetrics without `_total`. */
  readonly families: Map<string, PageFamily>
  readonly samples: PageSample[]
}

/** Reads a page. Throws ExpositionError, which names the line or family, when it is not what its format allows. */
export function readPage(bytes: Uint8Array, format: Negotiated['format']): ExpositionPage {
  const page: ExpositionPage = { families: new Map(), samples: [] }
  return format === 'protobuf' ? readProtobuf(bytes, page) : readText(bytes, page, format === 'openmetrics')
}

function familyOf({ families }: ExpositionPage, name: string): PageFamily {
  let family = families.get(name)
  if (!family) {
    family = { metrics: [] }
    families.set(name, family)
  }
  return family
}

function readText(bytes: Uint8Array, page: ExpositionPage, openMetrics: boolean): ExpositionPage {
  const reader = new TextReader(
    {
      help: (name, help) => Object.assign(familyOf(page, name), { help }),
      type: (name, type) => Object.assign(familyOf(page, name), { type }),
      unit: (name, unit) => Object.assign(familyOf(page, name), { unit }),
      sample: sample => page.samples.push(sampleOf(sample)),
    },
    { openMetrics },
  )
  reader.push(bytes)
  reader.end()
  if (reader.error) throw new ExpositionError(`line ${reader.error.line}: ${reader.error.message}`)
  return page
}

function sampleOf(sample: TextSample): PageSample {
  const { bytes, timeMs, exemplarSeconds } = sample
  const { name, labels } = readSeries(bytes, sample.seriesStart, sample.seriesEnd, LIMITS)
  const exemplar = sample.exemplarEnd > 0 && {
    labels: Object.fromEntries(readLabels(bytes, sample.exemplarStart, sample.exemplarEnd, LIMITS)),
    value: sample.exemplarValue,
    ...(exemplarSeconds !== undefined && { seconds: exemplarSeconds }),
  }
  return {
    name,
    labels: record(labels),
    value: sample.value,
    ...(timeMs !== undefined && { timeMs }),
    ...(exemplar && { exemplar }),
  }
}

function readProtobuf(bytes: Uint8Array, page: ExpositionPage): ExpositionPage {
  let current: PageFamily = { metrics: [] }
  const reader = new ProtobufReader({
    family({ name, type, help, unit }: FamilyMetadata) {
      if (page.families.has(name)) throw new ExpositionError(`family ${name} comes twice`)
      current = Object.assign(familyOf(page, name), { type, help, unit })
    },
    metric(metric) {
      const { value, summary, histogram, native, exemplars, timeMs, createdNanos } = metric
      const labels = record(readLabelFields(metric, LIMITS))
      const time = timeMs !== undefined && { timeMs }
      current.metrics.push({ labels, value, summary, histogram, native, exemplars, createdNanos, ...time })
    },
  })
  reader.push(bytes)
  reader.end()
  if (reader.error) throw new ExpositionError(`family ${reader.error.family}: ${reader.error.message}`)
  return page
}

/** Own properties only, whatever a label is called. */
function record(labels: readonly Label[]): Record<string, string> {
  return Object.assign(Object.create(null), Object.fromEntries(labels))
}
