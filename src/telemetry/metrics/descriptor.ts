import { type AttributeBytes, NO_ATTRIBUTES } from '../attributes.ts'
import type { Hash128 } from '../hash.ts'
import { hashText } from '../resource.ts'

/** The data of a metric, as OTLP's `Metric.data` has it. */
export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary'
export type Temporality = 'unspecified' | 'delta' | 'cumulative'
/** Prometheus types that OTLP's kinds don't tell apart; kept so that a scraped metric leaves as it came. */
export type PrometheusType = 'unknown' | 'info' | 'stateset' | 'gaugehistogram'

/** What all series of one metric share. Immutable; identity is everything but description and metadata. */
export interface Descriptor {
  readonly name: string
  readonly kind: MetricKind
  /** Sums only. */
  readonly monotonic: boolean
  readonly temporality: Temporality
  /** UCUM unit, or what the source says. */
  readonly unit: string
  readonly description: string
  readonly prometheusType?: PrometheusType
  /** The name is a Prometheus name already (our receivers, scrapes): exporters never translate it. */
  readonly finalName: boolean
  /** OTLP `Metric.metadata`. */
  readonly metadata: AttributeBytes
}

function descriptor(name: string, kind: MetricKind, description: string, rest: Partial<Descriptor> = {}): Descriptor {
  const temporality = kind === 'gauge' || kind === 'summary' ? 'unspecified' : 'cumulative'
  return {
    name,
    kind,
    description,
    monotonic: false,
    temporality,
    unit: '',
    finalName: true,
    metadata: NO_ATTRIBUTES,
    ...rest,
  }
}

/** Descriptors with Prometheus names, as receivers declare their families. */
export const gauge = (name: string, help: string) => descriptor(name, 'gauge', help)
export const counter = (name: string, help: string) => descriptor(name, 'sum', help, { monotonic: true })
export const untyped = (name: string, help: string) => descriptor(name, 'gauge', help, { prometheusType: 'unknown' })
export const histogram = (name: string, help: string) => descriptor(name, 'histogram', help)
export const summary = (name: string, help: string) => descriptor(name, 'summary', help)

export function hashDescriptor(d: Descriptor, seed: Hash128): Hash128 {
  const out = new Uint32Array(4)
  hashText(d.name, seed, out)
  hashText(`${d.kind}|${d.monotonic}|${d.temporality}|${d.prometheusType ?? ''}|${d.finalName}`, seed, out)
  hashText(d.unit, seed, out)
  return out
}
