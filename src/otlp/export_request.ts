import type { AnyBatch } from '../component/types.ts'
import { writeMetrics } from './metrics_write.ts'

/** Slices that, one after the other, are the export request of a batch. Of traces and logs none is copied. */
export function requestSlices(batch: AnyBatch): readonly Uint8Array[] {
  return batch.signal === 'metrics' ? [writeMetrics(batch)] : batch.slices
}

/** The same in one piece. */
export function requestBytes(batch: AnyBatch): Uint8Array {
  return batch.signal === 'metrics' ? writeMetrics(batch) : batch.encode()
}
