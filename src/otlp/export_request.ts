import { setImmediate } from 'node:timers/promises'
import type { AnyBatch } from '../component/types.ts'
import { split } from '../exporting/shape.ts'
import { wireToJson } from './json_write.ts'
import { writeMetrics } from './metrics_write.ts'

/** Slices that, one after the other, are the export request of a batch. Of traces and logs none is copied. */
export function requestSlices(batch: AnyBatch): readonly Uint8Array[] {
  return batch.signal === 'metrics' ? [writeMetrics(batch)] : batch.slices
}

/** The same in one piece. */
export function requestBytes(batch: AnyBatch): Uint8Array {
  return batch.signal === 'metrics' ? writeMetrics(batch) : batch.encode()
}

/** What is turned into JSON without a pause: 4 ms. */
const PIECE_BYTES = 256 * 1024
const COMMA = Uint8Array.of(0x2c)
const LIST_KEY = { traces: 'resourceSpans', metrics: 'resourceMetrics', logs: 'resourceLogs' } as const

/** The export request as OTLP/JSON, in chunks that belong one after the other; others have their turn in between. */
export async function requestJson(batch: AnyBatch): Promise<Uint8Array[]> {
  const { signal } = batch
  const open = Buffer.from(`{"${LIST_KEY[signal]}":[`)
  const chunks: Uint8Array[] = [open]
  for (const piece of split(batch, Number.POSITIVE_INFINITY, PIECE_BYTES)) {
    if (chunks.length > 1) {
      await setImmediate()
      chunks.push(COMMA)
    }
    chunks.push(wireToJson(signal, requestBytes(piece)).subarray(open.length, -2))
  }
  chunks.push(Buffer.from(']}'))
  return chunks
}
