import type { AnyBatch } from '../component/types.ts'
import { MetricBatch } from '../telemetry/metrics/batch.ts'
import type { Origin } from '../telemetry/origin.ts'
import { type LogBatch, type TraceBatch, WireBatch } from '../telemetry/wire_batch.ts'
import { mergedOrigin } from './merged_origin.ts'
import { concatMetrics, retainSeries, splitMetrics } from './metric_shape.ts'

/** One batch of all items, in this order; all batches are of one signal. */
export function concat(batches: readonly AnyBatch[]): AnyBatch {
  const [first] = batches
  if (batches.length === 1) return first
  const origin = mergedOrigin(batches.map(batch => batch.origin))
  if (first.signal === 'metrics') return concatMetrics(batches as readonly MetricBatch[], origin)
  const { signal, slices, itemCount } = WireBatch.concat(batches as readonly (TraceBatch | LogBatch)[] as TraceBatch[])
  return new WireBatch(signal, slices, itemCount, origin)
}

/**
 * The batch in parts of at most so many items and bytes, in its order. A single item that is larger is a part of its own.
 * Parts share the origin and the bytes of the whole.
 */
export function split(batch: AnyBatch, maxItems: number, maxBytes: number): readonly AnyBatch[] {
  if (batch.itemCount <= maxItems && batch.sizeBytes <= maxBytes) return [batch]
  return batch.signal === 'metrics' ? splitMetrics(batch, maxItems, maxBytes) : batch.split(maxItems, maxBytes)
}

/** The same data from elsewhere. */
export function withOrigin(batch: AnyBatch, origin: Origin): AnyBatch {
  if (batch.signal === 'metrics') return new MetricBatch(batch.table, batch.points, origin)
  const { signal, slices, itemCount } = batch as TraceBatch
  return new WireBatch(signal, slices, itemCount, origin)
}

/** Keeps alive, until the answer is called, what the batch refers to outside itself: the series of metrics. */
export function retain(batch: AnyBatch): () => void {
  return batch.signal === 'metrics' ? retainSeries(batch) : nothing
}

const nothing = (): void => {}
