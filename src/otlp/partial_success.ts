import { Reader } from './reader.ts'

// message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }   opentelemetry/proto/collector/trace/v1
// message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
// Logs and metrics have the same with rejected_log_records and rejected_data_points.
const PARTIAL_SUCCESS = 10
const REJECTED = 8
const ERROR_MESSAGE = 18

/** What a destination says beside that it took a request. */
export interface PartialSuccess {
  /** Items that it will never take; exact below 2^53, 0 for a negative number. */
  readonly rejected: number
  readonly message: string
}

const NOTHING: PartialSuccess = { rejected: 0, message: '' }

/** Reads an export response of any signal. Throws WireError. */
export function readPartialSuccess(body: Uint8Array): PartialSuccess {
  if (body.length === 0) return NOTHING
  const r = new Reader(body)
  let found = NOTHING
  while (r.at < body.length) {
    const tag = r.tag(body.length)
    if (tag === PARTIAL_SUCCESS) found = readOne(r, r.stop(body.length))
    else r.skip(tag, body.length)
  }
  return found
}

function readOne(r: Reader, end: number): PartialSuccess {
  let rejected = 0
  let message = ''
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === REJECTED) {
      r.varint(end)
      rejected = r.hi >= 2 ** 31 ? 0 : r.hi * 2 ** 32 + r.lo
    } else if (tag === ERROR_MESSAGE) message = r.text(end)
    else r.skip(tag, end)
  }
  return { rejected, message }
}

const REJECTED_KEYS = ['rejectedSpans', 'rejectedDataPoints', 'rejectedLogRecords']

/** The same from JSON, where an int64 may be a text. Throws SyntaxError or TypeError. */
export function readPartialSuccessJson(body: Uint8Array): PartialSuccess {
  if (body.length === 0) return NOTHING
  const answer: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString())
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new TypeError('not an export response')
  const partial = (answer as Record<string, unknown>).partialSuccess
  if (typeof partial !== 'object' || partial === null) return NOTHING
  const fields = partial as Record<string, unknown>
  const rejected = REJECTED_KEYS.map(key => Number(fields[key] ?? 0)).find(count => count > 0) ?? 0
  return { rejected, message: typeof fields.errorMessage === 'string' ? fields.errorMessage : '' }
}
