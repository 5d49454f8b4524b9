import type {
  Count,
  Counts,
  DistributionValue,
  Exemplar,
  HistogramValue,
  SummaryValue,
} from '../telemetry/metrics/values.ts'
import { BoundTexts } from './bound_texts.ts'
import { ByteSink } from './byte_sink.ts'
import { exemplarLabels, exemplarsByBucket } from './exemplars.ts'
import type { FamilyMetadata, MetricType } from './exposition.ts'
import { escapeHelp, escapeQuoted, labelText, nameText } from './labels.ts'
import { type SeriesPlace, type SeriesTexts, totalsOf } from './series_texts.ts'

const SPACE = 0x20
const LINE_FEED = 0x0a
const NO_BOUNDS = new Float64Array(0)

/** What a text page says of a family: OpenMetrics leaves suffixes out of its name, and can make a type `unknown`. */
export interface TextFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly unit: string
}

/** Types of the text format 0.0.4, which has fewer. */
const TEXT_TYPES: Readonly<Record<MetricType, string>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'histogram',
  summary: 'summary',
  info: 'gauge',
  stateset: 'gauge',
  unknown: 'untyped',
}

export function textFamily({ name, type, help }: FamilyMetadata): TextFamily {
  return { name, type: TEXT_TYPES[type], help, unit: '' }
}

/** A counter without `_total` can't be one in OpenMetrics, nor an info without `_info`: as client_golang does, it is unknown. */
export function openMetricsFamily({ name, type, help, unit }: FamilyMetadata): TextFamily {
  const suffix = type === 'counter' ? '_total' : type === 'info' ? '_info' : ''
  const fits = name.endsWith(suffix) && name.length > suffix.length
  const base = fits ? name.slice(0, name.length - suffix.length) : name
  const typeName = fits ? type : type === 'counter' ? 'unknown' : 'gauge'
  const hasUnit = unit !== '' && type !== 'info' && type !== 'stateset' && base.endsWith(`_${unit}`)
  return { name: base, type: typeName, help, unit: hasUnit ? unit : '' }
}

/**
 * Writes lines of the text format 0.0.4 or of OpenMetrics 1.0 from texts that were rendered once a series.
 * Sources: prometheus.io/docs/instrumenting/exposition_formats, OpenMetrics 1.0; layout of numbers as client_golang.
 */
export class TextWriter {
  /** Replaced to begin a new page. */
  sink: ByteSink
  readonly #openMetrics: boolean
  readonly #bounds: BoundTexts

  constructor(openMetrics: boolean, sink = new ByteSink()) {
    this.sink = sink
    this.#openMetrics = openMetrics
    this.#bounds = new BoundTexts(openMetrics)
  }

  family(family: TextFamily): void {
    const name = nameText(family.name)
    const help = this.#openMetrics ? escapeQuoted(family.help) : escapeHelp(family.help)
    if (family.help !== '') this.sink.utf8(`# HELP ${name} ${help}\n`)
    this.sink.utf8(`# TYPE ${name} ${family.type}\n`)
    if (family.unit !== '') this.sink.utf8(`# UNIT ${name} ${family.unit}\n`)
  }

  /** One line. `timeMs` 0: no timestamp. */
  number(texts: SeriesTexts, start: number, length: number, value: number, timeMs: number, exemplar?: Exemplar): void {
    const { sink } = this
    sink.copyText(texts.sink, start, length)
    if (this.#openMetrics) sink.openMetricsFloat(value)
    else sink.float(value)
    if (timeMs !== 0) this.#time(timeMs)
    if (exemplar && this.#openMetrics) this.#exemplar(exemplar)
    sink.byte(LINE_FEED)
  }

  /** Buckets or quantiles, sum, count. Exponential buckets have no text: they leave `+Inf` alone, as client_golang writes them. */
  distribution(
    texts: SeriesTexts,
    place: SeriesPlace,
    gauge: boolean,
    value: DistributionValue,
    timeMs: number,
    exemplars: readonly Exemplar[],
  ): void {
    if ('quantiles' in value) this.#quantiles(texts, place, value, timeMs)
    else if ('bounds' in value) this.#buckets(texts, place, value, timeMs, exemplars)
    else this.#bucket(texts, place, NO_BOUNDS, 0, value.count, timeMs)
    const totals = totalsOf(place, gauge, gauge && this.#openMetrics)
    // OpenMetrics: a sum makes no sense with negative buckets, and without it there is no count.
    const hasSum = value.sum !== undefined && !(this.#openMetrics && 'bounds' in value && value.bounds[0] < 0)
    if (hasSum) this.number(texts, totals.sumStart, totals.sumLength, value.sum as number, timeMs)
    if (hasSum || !this.#openMetrics) this.#count(texts, totals.countStart, totals.countLength, value.count, timeMs)
  }

  /** `name_created`, for whoever asks for it. */
  created(series: string, startMs: number, timeMs: number): void {
    this.sink.utf8(`${series} `)
    this.sink.ascii(secondsText(BigInt(startMs) * 1_000_000n))
    // All lines of a series have a timestamp, or none has.
    if (timeMs !== 0) this.#time(timeMs)
    this.sink.byte(LINE_FEED)
  }

  end(): void {
    if (this.#openMetrics) this.sink.ascii('# EOF\n')
  }

  #quantiles(texts: SeriesTexts, place: SeriesPlace, { quantiles, values }: SummaryValue, timeMs: number): void {
    const { sink } = this
    const bound = this.#bounds.of(quantiles)
    for (let i = 0; i < quantiles.length; i++) {
      sink.copyText(texts.sink, place.start, place.headLength)
      const from = i === 0 ? 0 : bound.ends[i - 1]
      sink.copyText(bound.sink, from, bound.ends[i] - from)
      if (this.#openMetrics) sink.openMetricsFloat(values[i])
      else sink.float(values[i])
      if (timeMs !== 0) this.#time(timeMs)
      sink.byte(LINE_FEED)
    }
  }

  #buckets(
    texts: SeriesTexts,
    place: SeriesPlace,
    { bounds, counts, count }: HistogramValue,
    timeMs: number,
    exemplars: readonly Exemplar[],
  ): void {
    const chosen = this.#openMetrics && exemplars.length > 0 ? exemplarsByBucket(bounds, exemplars) : undefined
    const running = new RunningCount(counts)
    for (let i = 0; i < counts.length - 1; i++)
      this.#bucket(texts, place, bounds, i, running.add(i), timeMs, chosen?.get(i))
    this.#bucket(texts, place, bounds, bounds.length, count, timeMs, chosen?.get(bounds.length))
  }

  #bucket(
    texts: SeriesTexts,
    place: SeriesPlace,
    bounds: Float64Array,
    i: number,
    count: Count,
    timeMs: number,
    exemplar?: Exemplar,
  ): void {
    const { sink } = this
    sink.copyText(texts.sink, place.start, place.headLength)
    const bound = this.#bounds.of(bounds)
    const from = i === 0 ? 0 : bound.ends[i - 1]
    sink.copyText(bound.sink, from, bound.ends[i] - from)
    this.#countValue(count)
    if (timeMs !== 0) this.#time(timeMs)
    if (exemplar) this.#exemplar(exemplar)
    sink.byte(LINE_FEED)
  }

  #count(texts: SeriesTexts, start: number, length: number, count: Count, timeMs: number): void {
    this.sink.copyText(texts.sink, start, length)
    this.#countValue(count)
    if (timeMs !== 0) this.#time(timeMs)
    this.sink.byte(LINE_FEED)
  }

  /** OpenMetrics writes whole counts as integers; the text format writes them as the doubles that they become. */
  #countValue(count: Count): void {
    const { sink } = this
    if (!this.#openMetrics) sink.float(Number(count))
    else if (typeof count === 'bigint') sink.ascii(String(count))
    else if (Number.isSafeInteger(count)) sink.int(count)
    else sink.openMetricsFloat(count)
  }

  #time(timeMs: number): void {
    const { sink } = this
    sink.byte(SPACE)
    if (this.#openMetrics) sink.ascii(secondsText(BigInt(timeMs) * 1_000_000n))
    else sink.int(timeMs)
  }

  #exemplar(exemplar: Exemplar): void {
    const { sink } = this
    sink.utf8(` # {${labelText(exemplarLabels(exemplar))}} `)
    sink.openMetricsFloat(Number(exemplar.value))
    if (exemplar.timeUnixNano === 0n) return
    sink.ascii(` ${secondsText(exemplar.timeUnixNano)}`)
  }
}

/** Nanoseconds as decimal seconds, without zeros at the end: no double would hold them. */
export function secondsText(nanos: bigint): string {
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${nanos / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}

/** Sums counts bucket by bucket, without loss whichever kind they are. */
export class RunningCount {
  readonly #counts: Counts
  #sum: Count

  constructor(counts: Counts) {
    this.#counts = counts
    this.#sum = counts instanceof BigUint64Array ? 0n : 0
  }

  /** Adds `counts[i]`; returns the sum so far. */
  add(i: number): Count {
    // Both are numbers or both are bigints, for which + is the same.
    this.#sum = (this.#sum as number) + (this.#counts[i] as number)
    return this.#sum
  }
}
