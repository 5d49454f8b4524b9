import type { Exemplar, ExponentialHistogramValue, HistogramValue, SummaryValue } from '../telemetry/metrics/values.ts'
import type { FamilyMetadata, Label, MetricType } from './exposition.ts'
import { readHistogram } from './protobuf_histogram.ts'
import { readExemplar, readLabel, readTimestamp } from './protobuf_parts.ts'
import { ProtobufSource } from './protobuf_source.ts'
import { ExpositionError, type SeriesLimits } from './series_reader.ts'

/** One Metric message. It and its bytes are valid inside the call. */
export interface ProtobufMetric {
  readonly bytes: Uint8Array
  /** The label fields: equal bytes are an equal series of the family. `readLabelFields` takes them apart. */
  readonly labelsStart: number
  readonly labelsEnd: number
  /** Counters, gauges and untyped. */
  readonly value: number | undefined
  readonly summary: SummaryValue | undefined
  /** A histogram may be classic, native or both. */
  readonly histogram: HistogramValue | undefined
  readonly native: ExponentialHistogramValue | undefined
  readonly exemplars: readonly Exemplar[]
  /** Milliseconds; undefined when not said. */
  readonly timeMs: number | undefined
  /** Unix nanoseconds; 0 when not said. */
  readonly createdNanos: bigint
}

export interface ProtobufVisitor {
  family(family: FamilyMetadata): void
  metric(metric: ProtobufMetric): void
}

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']

/**
 * Reads MetricFamily messages, each behind its length, as they arrive. Memory is bounded by the longest family; the first error
 * ends the reading. Source: io/prometheus/client/metrics.proto.
 */
export class ProtobufReader {
  /** What is wrong, and in which family, counted from 1. */
  error: { readonly family: number; readonly message: string } | undefined
  readonly #visitor: ProtobufVisitor
  readonly #maxFamilyBytes: number
  #rest = Buffer.allocUnsafe(0)
  #restLength = 0
  /** Bytes of length and message that `#rest` must hold before it is worth looking at. */
  #wanted = 1
  #family = 0

  constructor(visitor: ProtobufVisitor, { maxFamilyBytes = 64 << 20 }: { maxFamilyBytes?: number } = {}) {
    this.#visitor = visitor
    this.#maxFamilyBytes = maxFamilyBytes
  }

  /** Returns false once there is an error. */
  push(chunk: Uint8Array): boolean {
    this.#attempt(() => {
      if (this.#restLength === 0) this.#keep(chunk, this.#families(chunk, 0, chunk.length))
      else {
        this.#keep(chunk, 0)
        if (this.#restLength < this.#wanted) return
        const done = this.#families(this.#rest, 0, this.#restLength)
        this.#rest.copyWithin(0, done, this.#restLength)
        this.#restLength -= done
      }
    })
    return !this.error
  }

  /** The input is over. Returns false when there is an error. */
  end(): boolean {
    if (!this.error && this.#restLength > 0) this.#fail('a message that ends too early')
    return !this.error
  }

  #attempt(work: () => void): void {
    if (this.error) return
    try {
      work()
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error
      this.#fail(error.message)
    }
  }
  #fail(message: string): void {
    this.error = { family: this.#family, message }
  }

  #keep(chunk: Uint8Array, start: number): void {
    const length = this.#restLength + chunk.length - start
    if (length > this.#rest.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(length, Math.min(this.#rest.length * 2, this.#maxFamilyBytes)))
      this.#rest.copy(bigger, 0, 0, this.#restLength)
      this.#rest = bigger
    }
    this.#rest.set(chunk.subarray(start), this.#restLength)
    this.#restLength = length
  }

  /** Reads the whole families of `bytes[start, end)`; returns where the first one begins that is not whole. */
  #families(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    for (;;) {
      const source = new ProtobufSource(bytes, at, end)
      const length = this.#length(source)
      this.#wanted = length === undefined ? end - at + 1 : source.at - at + length
      if (length === undefined || source.at + length > end) return at
      this.#family++
      this.#read(bytes, source.at, source.at + length)
      at = source.at + length
    }
  }

  #length(source: ProtobufSource): number | undefined {
    const { bytes, at, end } = source
    const isWhole = bytes.subarray(at, Math.min(at + 10, end)).some(byte => byte < 128)
    if (!isWhole && end - at < 10) return undefined
    const length = source.varint()
    if (length <= this.#maxFamilyBytes) return length
    this.#family++
    throw new ExpositionError(`a family of more than ${this.#maxFamilyBytes} bytes`)
  }

  /** Twice: name and type are not bound to come before the metrics. */
  #read(bytes: Uint8Array, start: number, end: number): void {
    const family = { name: '', help: '', type: 'counter' as MetricType, unit: '' }
    const source = new ProtobufSource(bytes, start, end)
    while (source.more) {
      const tag = source.varint()
      if (tag === 0x0a) family.name = source.string()
      else if (tag === 0x12) family.help = source.string()
      else if (tag === 0x18) family.type = typeOf(source.varint())
      else if (tag === 0x2a) family.unit = source.string()
      else source.skip(tag)
    }
    if (family.name === '') throw new ExpositionError('a family without a name')
    this.#visitor.family(family)
    source.at = start
    while (source.more) {
      const tag = source.varint()
      if (tag === 0x22) this.#visitor.metric(readMetric(source))
      else source.skip(tag)
    }
  }
}

function typeOf(number: number): MetricType {
  const type = TYPES[number]
  if (!type) throw new ExpositionError(`no such type: ${number}`)
  return type
}

type Draft = { -readonly [K in keyof ProtobufMetric]: ProtobufMetric[K] } & { exemplars: Exemplar[] }

function readMetric(source: ProtobufSource): ProtobufMetric {
  const metric: Draft = {
    bytes: source.bytes,
    labelsStart: source.at,
    labelsEnd: source.at,
    value: undefined,
    summary: undefined,
    histogram: undefined,
    native: undefined,
    exemplars: [],
    timeMs: undefined,
    createdNanos: 0n,
  }
  source.message(tag => {
    if (tag === 0x0a) {
      const start = source.fieldStart
      source.skip(tag)
      addLabel(metric, start, source.at)
    } else if (tag === 0x12 || tag === 0x1a || tag === 0x2a) readNumber(source, metric)
    else if (tag === 0x22) metric.summary = readSummary(source, metric)
    else if (tag === 0x3a) readHistogram(source, metric)
    else if (tag === 0x30) metric.timeMs = Number(source.int64())
    else source.skip(tag)
  })
  return metric
}

/** Every writer puts the labels of a metric together. */
function addLabel(metric: Draft, start: number, end: number): void {
  const isFirst = metric.labelsEnd === metric.labelsStart
  if (!isFirst && start !== metric.labelsEnd) throw new ExpositionError('labels that do not stand together')
  if (isFirst) metric.labelsStart = start
  metric.labelsEnd = end
}

// message Gauge, Untyped { double value = 1; }    message Counter { double value = 1; Exemplar exemplar = 2; Timestamp created = 3; }
function readNumber(source: ProtobufSource, metric: Draft): void {
  metric.value = 0
  source.message(tag => {
    if (tag === 0x09) metric.value = source.double()
    else if (tag === 0x12) metric.exemplars.push(readExemplar(source))
    else if (tag === 0x1a) metric.createdNanos = readTimestamp(source)
    else source.skip(tag)
  })
}

// message Summary { uint64 sample_count = 1; double sample_sum = 2; repeated Quantile quantile = 3; Timestamp created = 4; }
// message Quantile { double quantile = 1; double value = 2; }
function readSummary(source: ProtobufSource, metric: Draft): SummaryValue {
  let count: number | bigint = 0
  let sum = 0
  const quantiles: number[] = []
  const values: number[] = []
  source.message(tag => {
    if (tag === 0x08) count = source.uint64()
    else if (tag === 0x11) sum = source.double()
    else if (tag === 0x1a) {
      const at = quantiles.push(0) - 1
      values.push(0)
      source.message(inner => {
        if (inner === 0x09) quantiles[at] = source.double()
        else if (inner === 0x11) values[at] = source.double()
        else source.skip(inner)
      })
    } else if (tag === 0x22) metric.createdNanos = readTimestamp(source)
    else source.skip(tag)
  })
  return { count, sum, quantiles: Float64Array.from(quantiles), values: Float64Array.from(values) }
}

/** The labels of a metric, as they stand. Throws ExpositionError. */
export function readLabelFields(metric: ProtobufMetric, { maxLabels }: SeriesLimits): readonly Label[] {
  const source = new ProtobufSource(metric.bytes, metric.labelsStart, metric.labelsEnd)
  const labels: Label[] = []
  while (source.more) {
    source.varint()
    labels.push(readLabel(source))
    if (labels.length > maxLabels) throw new ExpositionError(`more than ${maxLabels} labels`)
  }
  if (new Set(labels.map(([name]) => name)).size < labels.length) throw new ExpositionError('a label twice')
  return labels
}
