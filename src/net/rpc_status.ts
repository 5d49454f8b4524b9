// google.rpc.Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }      google/rpc/status.proto
// google.protobuf.Any { string type_url = 1; bytes value = 2; }                                          google/protobuf/any.proto
// google.rpc.RetryInfo { google.protobuf.Duration retry_delay = 1; }                              google/rpc/error_details.proto
// google.protobuf.Duration { int64 seconds = 1; int32 nanos = 2; }                                  google/protobuf/duration.proto

/** Codes of gRPC. grpc.io, Status codes. */
export const RPC = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const
export type RpcCode = (typeof RPC)[keyof typeof RPC]

/** What a request is answered with in place of a result. */
export class RpcError extends Error {
  override name = 'RpcError'
  readonly code: RpcCode
  /** The sender may try again after this. */
  readonly retryAfterMs?: number
  constructor(
    code: RpcCode,
    message: string,
    { retryAfterMs, ...options }: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

export const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

/** google.rpc.Status as protobuf, with a RetryInfo when the error has a `retryAfterMs`. */
export function encodeStatus({ code, message, retryAfterMs }: RpcError): Uint8Array {
  const details = retryAfterMs === undefined ? [] : [bytesField(3, encodeRetryInfo(retryAfterMs))]
  return join(intField(1, code), bytesField(2, Buffer.from(message)), ...details)
}

function encodeRetryInfo(retryAfterMs: number): Uint8Array {
  const { seconds, nanos } = durationOf(retryAfterMs)
  const duration = join(intField(1, seconds), intField(2, nanos))
  return join(bytesField(1, Buffer.from(RETRY_INFO)), bytesField(2, bytesField(1, duration)))
}

/** The same in the JSON mapping of protobuf. */
export function statusJson({ code, message, retryAfterMs }: RpcError): object {
  if (retryAfterMs === undefined) return { code, message }
  return { code, message, details: [{ '@type': RETRY_INFO, retryDelay: `${Math.max(0, retryAfterMs) / 1000}s` }] }
}

function durationOf(ms: number): { seconds: number; nanos: number } {
  const whole = Math.max(0, Math.round(ms))
  return { seconds: Math.floor(whole / 1000), nanos: (whole % 1000) * 1e6 }
}

/** Nothing for 0, as proto3 has it. */
function intField(number: number, value: number): Uint8Array {
  return value === 0 ? new Uint8Array() : Uint8Array.of((number << 3) | 0, ...varint(value))
}

function bytesField(number: number, value: Uint8Array): Uint8Array {
  return join(Uint8Array.of((number << 3) | 2, ...varint(value.length)), value)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
