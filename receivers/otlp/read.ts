import type { BatchOf, Signal } from '../../src/component/types.ts'
import { readLogs, readTraces } from '../../src/otlp/validate.ts'
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
