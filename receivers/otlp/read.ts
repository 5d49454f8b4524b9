import type { BatchOf, Signal } from '../../src/component/types.ts'
import { jsonToWire } from '../../src/otlp/json_read.ts'
import { MetricsReader } from '../../src/otlp/metrics_read.ts'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
import type { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import type { Origin } from '../../src/telemetry/origin.ts'

export type Format = 'protobuf' | 'json'

/**
 * Makes a batch of an export request, in which everything can be taken or nothing is. Throws or rejects with WireError for
 * bytes that are none.
 */
export type Read = <S extends Signal>(
  signal: S,
  bytes: Uint8Array,
  format: Format,
  origin: Origin,
) => BatchOf<S> | Promise<BatchOf<S>>

/** Readers of one receiver, which remember what they saw of its metrics. */
export function createRead(series: SeriesTable): Read {
  const metrics = new MetricsReader(series)
  const readers: { [S in Signal]: (bytes: Uint8Array, origin: Origin) => BatchOf<S> } = {
    traces: readTraces,
    metrics: (bytes, origin) => metrics.read(bytes, origin),
    logs: readLogs,
  }
  return (signal, bytes, format, origin) => {
    if (format === 'protobuf') return readers[signal](bytes, origin)
    return jsonToWire(signal, bytes).then(wire => readers[signal](wire, origin))
  }
}
