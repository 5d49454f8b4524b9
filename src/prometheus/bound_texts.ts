import { ByteSink } from './byte_sink.ts'

/** The texts of one list of bounds or quantiles: `0.005"} ` and so on, for bounds also `+Inf"} `. */
export interface BoundText {
  readonly sink: ByteSink
  /** Where each ends; it begins where the one before ends. */
  readonly ends: Uint32Array
}

/** Bounds and quantiles as labels, rendered once for all series that share them. */
export class BoundTexts {
  readonly #openMetrics: boolean
  readonly #known = new WeakMap<Float64Array, BoundText>()

  constructor(openMetrics: boolean) {
    this.#openMetrics = openMetrics
  }

  of(values: Float64Array): BoundText {
    const known = this.#known.get(values)
    if (known) return known
    const sink = new ByteSink(256)
    const ends = new Uint32Array(values.length + 1)
    for (let i = 0; i <= values.length; i++) {
      const value = i < values.length ? values[i] : Number.POSITIVE_INFINITY
      if (this.#openMetrics) sink.openMetricsFloat(value)
      else sink.float(value)
      sink.ascii('"} ')
      ends[i] = sink.at
    }
    const text = { sink, ends }
    this.#known.set(values, text)
    return text
  }
}
