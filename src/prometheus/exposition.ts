import type { Descriptor } from '../telemetry/metrics/descriptor.ts'
import type { Escaping } from './names.ts'

/** Types of metric families, as OpenMetrics names them; the text format says `untyped` for `unknown` and knows not all of them. */
export const METRIC_TYPES = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
] as const
export type MetricType = (typeof METRIC_TYPES)[number]

/** What an exposition says of a family besides its series. The name is that of plain samples: a counter's has its `_total`. */
export interface FamilyMetadata {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  /** Written by OpenMetrics and protobuf, when the name ends with it. */
  readonly unit: string
}

/** Name and value; in an exposition sorted by name, without empty values. */
export type Label = readonly [name: string, value: string]

/** Encodings of a page. `text` is 0.0.4, and 1.0.0 where the scraper asks for it: 0.0.4 with quoted names. */
export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf'

export interface Negotiated {
  readonly format: ExpositionFormat
  readonly escaping: Escaping
  readonly contentType: string
}

/** The Prometheus type of a metric; sums must be cumulative. */
export function metricType(descriptor: Descriptor): MetricType {
  const { kind, monotonic, prometheusType } = descriptor
  if (prometheusType === 'gaugehistogram')
    return kind === 'histogram' || kind === 'exponential_histogram' ? 'gaugehistogram' : 'gauge'
  if (kind === 'exponential_histogram') return 'histogram'
  if (kind === 'sum') return monotonic ? 'counter' : (prometheusType ?? 'gauge')
  if (kind === 'gauge') return prometheusType ?? 'gauge'
  return kind
}
