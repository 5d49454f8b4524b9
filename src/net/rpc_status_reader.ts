import { Reader } from '../otlp/reader.ts'
import { RETRY_INFO } from './rpc_status.ts'

// google.rpc.Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }      google/rpc/status.proto
// google.protobuf.Any { string type_url = 1; bytes value = 2; }                                          google/protobuf/any.proto
// google.rpc.RetryInfo { google.protobuf.Duration retry_delay = 1; }                              google/rpc/error_details.proto
// google.protobuf.Duration { int64 seconds = 1; int32 nanos = 2; }                                  google/protobuf/duration.proto

/** What a server says of a request that it did not take. */
export interface RpcStatus {
  readonly code: number
  readonly message: string
  /** Of a RetryInfo. */
  readonly retryAfterMs?: number
}

/** Reads a google.rpc.Status from outside; details other than RetryInfo are passed over. Throws WireError. */
export function readStatus(body: Uint8Array): RpcStatus {
  const r = new Reader(body)
  const end = body.length
  const status: { code: number; message: string; retryAfterMs?: number } = { code: 0, message: '' }
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 8) status.code = r.uint32(end)
    else if (tag === 18) status.message = r.text(end)
    else if (tag === 26) status.retryAfterMs = readDetail(r, r.stop(end)) ?? status.retryAfterMs
    else r.skip(tag, end)
  }
  return status
}

/** Milliseconds of a RetryInfo. */
function readDetail(r: Reader, end: number): number | undefined {
  let type = ''
  let from = 0
  let to = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 10) type = r.text(end)
    else if (tag === 18) {
      to = r.stop(end)
      from = r.at
      r.at = to
    } else r.skip(tag, end)
  }
  if (type !== RETRY_INFO) return undefined
  r.at = from
  const retryAfterMs = readRetryInfo(r, to)
  r.at = end
  return retryAfterMs
}

function readRetryInfo(r: Reader, end: number): number {
  let ms = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 10) ms = readDuration(r, r.stop(end))
    else r.skip(tag, end)
  }
  return ms
}

function readDuration(r: Reader, end: number): number {
  let seconds = 0
  let nanos = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 8) {
      r.varint(end)
      seconds = r.hi >= 2 ** 31 ? 0 : r.hi * 2 ** 32 + r.lo
    } else if (tag === 16) nanos = r.uint32(end)
    else r.skip(tag, end)
  }
  return seconds * 1000 + nanos / 1e6
}

/** The same from protobuf's JSON; undefined when the body is something else. */
export function readStatusJson(body: Uint8Array): RpcStatus | undefined {
  try {
    const { code, message } = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString())
    return typeof message === 'string' ? { code: Number(code) || 0, message } : undefined
  } catch {
    return undefined
  }
}
