import type { BatchOf, Signal } from '../../src/component/types.ts'
import { MetricsReader } from '../../src/otlp/metrics_read.ts'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
import type { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import type { Origin } from '../../src/telemetry/origin.ts'
import type { Rejected } from './offer.ts'

export type Format = 'protobuf' | 'json'

/** Makes a batch of an export request. Throws WireError for bytes that are none. */
export type Read = <S extends Signal>(
  signal: S,
  bytes: Uint8Array,
  format: Format,
  origin: Origin,
) => { batch: BatchOf<S>; rejected?: Rejected }

/** Readers of one receiver, which remember what they saw of its metrics. */
export function createRead(series: SeriesTable): Read {
  const metrics = new MetricsReader(series)
  const readers: { [S in Signal]: (bytes: Uint8Array, origin: Origin) => BatchOf<S> } = {
    traces: readTraces,
    metrics: (bytes, origin) => metrics.read(bytes, origin),
    logs: readLogs,
  }
  return (signal, bytes, _format, origin) => ({ batch: readers[signal](bytes, origin) })
}
