import { ByteSink } from './byte_sink.ts'
import type { MetricType } from './exposition.ts'
import { openSeriesText, seriesText } from './labels.ts'

/** Where the texts of one series lie: all of them one after the other. */
export interface SeriesPlace {
  readonly start: number
  readonly length: number
  /** Distributions: length of the first text, which stands before the value of `le` or `quantile`. */
  readonly headLength: number
}

/**
 * What stands before the values of series, rendered once a series: `name{labels} ` for a number; for a distribution
 * `name_bucket{labels,le="`, `name_sum{labels} ` and `name_count{labels} `, for a gauge histogram also `name_gsum{labels} `
 * and `name_gcount{labels} `. Valid UTF-8.
 */
export class SeriesTexts {
  readonly sink = new ByteSink(1 << 16)

  add(name: string, type: MetricType, labels: string): SeriesPlace {
    const { sink } = this
    const start = sink.at
    let headLength = 0
    if (type === 'histogram' || type === 'gaugehistogram' || type === 'summary') {
      const isSummary = type === 'summary'
      sink.utf8(openSeriesText(isSummary ? name : `${name}_bucket`, labels, isSummary ? 'quantile' : 'le'))
      headLength = sink.at - start
      for (const suffix of type === 'gaugehistogram' ? GAUGE_HISTOGRAM_TOTALS : TOTALS)
        sink.utf8(`${seriesText(name + suffix, labels)} `)
    } else sink.utf8(`${seriesText(name, labels)} `)
    return { start, length: sink.at - start, headLength }
  }

  get sizeBytes(): number {
    return this.sink.at
  }
}

const TOTALS = ['_sum', '_count'] as const
const GAUGE_HISTOGRAM_TOTALS = ['_sum', '_count', '_gsum', '_gcount'] as const

/** Where `sum` and `count` begin and how long they are; the suffixes' lengths differ by what their names do. */
export function totalsOf(place: SeriesPlace, gauge: boolean, gaugeNames: boolean) {
  const rest = place.length - place.headLength
  const sumLength = gauge ? (rest - 6) / 4 : (rest - 2) / 2
  const sumStart = place.start + place.headLength
  if (!gaugeNames) return { sumStart, sumLength, countStart: sumStart + sumLength, countLength: sumLength + 2 }
  const gaugeSumStart = sumStart + sumLength * 2 + 2
  return {
    sumStart: gaugeSumStart,
    sumLength: sumLength + 1,
    countStart: gaugeSumStart + sumLength + 1,
    countLength: sumLength + 3,
  }
}
