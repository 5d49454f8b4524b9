import { FLAG, MetricBatch, type Points } from '../telemetry/metrics/batch.ts'
import type { SeriesKey } from '../telemetry/metrics/series_key.ts'
import { slotOf, TRANSIENT } from '../telemetry/metrics/series_table.ts'
import type { DistributionValue, Exemplar } from '../telemetry/metrics/values.ts'
import type { Origin } from '../telemetry/origin.ts'

/** Bytes of a point in the columns; what it refers to comes on top. */
const POINT_BYTES = 29

/** One batch of all points, in this order. */
export function concatMetrics(batches: readonly MetricBatch[], origin: Origin): MetricBatch {
  const columns = new Columns(batches.reduce((sum, { points }) => sum + points.count, 0))
  for (const { points } of batches) columns.add(points, 0, points.count)
  return new MetricBatch(batches[0].table, columns.points(), origin)
}

/** Runs of points of at most so many points and about so many bytes each. */
export function splitMetrics(batch: MetricBatch, maxItems: number, maxBytes: number): MetricBatch[] {
  const { count } = batch.points
  const pointBytes = Math.max(POINT_BYTES, batch.sizeBytes / Math.max(1, count))
  const length = Math.max(1, Math.min(maxItems, Math.floor(maxBytes / pointBytes)))
  const parts: MetricBatch[] = []
  for (let from = 0; from < count; from += length) parts.push(run(batch, from, Math.min(count, from + length)))
  return parts
}

function run(batch: MetricBatch, from: number, to: number): MetricBatch {
  const columns = new Columns(to - from)
  columns.add(batch.points, from, to)
  return new MetricBatch(batch.table, columns.points(), batch.origin)
}

/** The points by the shard of their series: those of one series are all in the same one, in their order. */
export function shardMetrics(batch: MetricBatch, shards: number): (MetricBatch | undefined)[] {
  const { count } = batch.points
  if (shards === 1) return [batch]
  const columns = Array.from({ length: shards }, () => new Columns(count))
  for (let i = 0; i < count; i++) columns[batch.key(i).hash[0] % shards].add(batch.points, i, i + 1)
  return columns.map(own => (own.count > 0 ? new MetricBatch(batch.table, own.points(), batch.origin) : undefined))
}

/** Keeps the interned series of the batch in the table until the answer is called. */
export function retainSeries({ points: { series }, table }: MetricBatch): () => void {
  for (const id of series) if (id < TRANSIENT) table.retain(id)
  return () => {
    for (const id of series) if (id < TRANSIENT) table.release(id)
  }
}

/** Columns under construction, for at most `capacity` points. */
class Columns {
  count = 0
  readonly #series: Uint32Array
  readonly #flags: Uint8Array
  readonly #values: Float64Array
  readonly #times: Uint32Array
  readonly #starts: Uint32Array
  readonly #distributions: DistributionValue[] = []
  readonly #exemplars = new Map<number, readonly Exemplar[]>()
  readonly #transient: SeriesKey[] = []
  readonly #moved = new Map<SeriesKey, number>()

  constructor(capacity: number) {
    this.#series = new Uint32Array(capacity)
    this.#flags = new Uint8Array(capacity)
    this.#values = new Float64Array(capacity)
    this.#times = new Uint32Array(capacity * 2)
    this.#starts = new Uint32Array(capacity * 2)
  }

  add(points: Points, from: number, to: number): void {
    const at = this.count
    this.#series.set(points.series.subarray(from, to), at)
    this.#flags.set(points.flags.subarray(from, to), at)
    this.#copyValues(points.values, from, to)
    this.#times.set(points.times.subarray(from * 2, to * 2), at * 2)
    this.#starts.set(points.starts.subarray(from * 2, to * 2), at * 2)
    this.count += to - from
    if (points.distributions.length > 0) this.#moveDistributions(points, from, to, at)
    if (points.transient.length > 0) this.#moveTransient(points, from, to, at)
    if (points.exemplars.size > 0) this.#moveExemplars(points, from, to, at)
  }

  points(): Points {
    const n = this.count
    return {
      count: n,
      series: this.#series.slice(0, n),
      flags: this.#flags.slice(0, n),
      values: this.#values.slice(0, n),
      times: this.#times.slice(0, n * 2),
      starts: this.#starts.slice(0, n * 2),
      distributions: this.#distributions,
      exemplars: this.#exemplars,
      transient: this.#transient,
    }
  }

  /** As words: an int64 that looks like a NaN must keep its bits. */
  #copyValues(values: Float64Array, from: number, to: number): void {
    const words = new Uint32Array(values.buffer, values.byteOffset + from * 8, (to - from) * 2)
    new Uint32Array(this.#values.buffer).set(words, this.count * 2)
  }

  #moveDistributions(points: Points, from: number, to: number, at: number): void {
    for (let i = from; i < to; i++)
      if (points.flags[i] & FLAG.DISTRIBUTION)
        this.#values[at + i - from] = this.#distributions.push(points.distributions[points.values[i]]) - 1
  }

  #moveTransient(points: Points, from: number, to: number, at: number): void {
    for (let i = from; i < to; i++) {
      if (points.series[i] < TRANSIENT) continue
      const key = points.transient[slotOf(points.series[i])]
      let index = this.#moved.get(key)
      if (index === undefined) {
        index = this.#transient.push(key) - 1
        this.#moved.set(key, index)
      }
      this.#series[at + i - from] = TRANSIENT + index
    }
  }

  #moveExemplars(points: Points, from: number, to: number, at: number): void {
    for (const [i, list] of points.exemplars) if (i >= from && i < to) this.#exemplars.set(at + i - from, list)
  }
}
