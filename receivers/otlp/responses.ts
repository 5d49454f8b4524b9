import type { Rejected } from './offer.ts'

// message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }   opentelemetry/proto/collector/trace/v1
// message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
// Metrics (rejected_data_points) and logs (rejected_log_records) are the same.

/** Names of the first field in JSON. */
export const REJECTED_KEYS = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
} as const

const NOTHING = new Uint8Array()

/** An export response; empty when everything was taken, as the specification wants it. */
export function encodeResponse(rejected: Rejected | undefined): Uint8Array {
  if (!rejected) return NOTHING
  const message = Buffer.from(rejected.message)
  const partial = [8, ...varint(rejected.items), 18, ...varint(message.length), ...message]
  return Uint8Array.of(10, ...varint(partial.length), ...partial)
}

/** The same in the JSON mapping of protobuf, where an int64 is a string. */
export function responseJson(rejected: Rejected | undefined, itemsKey: string): object {
  if (!rejected) return {}
  return { partialSuccess: { [itemsKey]: String(rejected.items), errorMessage: rejected.message } }
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}
