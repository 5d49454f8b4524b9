import type { IncomingHttpHeaders } from 'node:http2'
import { RPC } from '../rpc_status.ts'
import { readStatus } from '../rpc_status_reader.ts'

/** A server's no: the status of a call. What comes as another error is no server's word. */
export class CallError extends Error {
  override name = 'CallError'
  readonly code: number
  /** Of a RetryInfo. */
  readonly retryAfterMs?: number
  constructor(code: number, message: string, retryAfterMs?: number) {
    super(message)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** The call did not reach the server: it may go out again at once. */
export class UnprocessedError extends Error {
  override name = 'UnprocessedError'
}

/** Something answers that speaks HTTP/2 and not gRPC. */
export class NotGrpcError extends Error {
  override name = 'NotGrpcError'
}

const NAMES = new Map(
  Object.entries({ ...RPC, ALREADY_EXISTS: 6, FAILED_PRECONDITION: 9 }).map(([name, code]) => [code, name]),
)

/** `UNAVAILABLE`; the number of a code that does not exist. */
export const nameOfCode = (code: number): string => NAMES.get(code) ?? `code ${code}`

/** The status in headers or trailers; undefined when it is OK. `headers` lacks a status: the call was cut short. */
export function statusOf(headers: IncomingHttpHeaders): CallError | undefined {
  const text = String(headers['grpc-status'])
  const code = /^\d+$/.test(text) ? Number(text) : RPC.UNKNOWN
  if (code === RPC.OK) return undefined
  const details = detailsOf(headers['grpc-status-details-bin'])
  return new CallError(code, percentDecode(String(headers['grpc-message'] ?? '')), details)
}

/** Bytes as %XX back to text; what is malformed stays as it is. gRPC over HTTP2, Responses. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  const bytes = text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

function detailsOf(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return readStatus(Buffer.from(value, 'base64')).retryAfterMs
  } catch {
    return undefined
  }
}

const BY_HTTP_STATUS: Readonly<Record<number, number>> = {
  400: RPC.INTERNAL,
  401: RPC.UNAUTHENTICATED,
  403: RPC.PERMISSION_DENIED,
  404: RPC.UNIMPLEMENTED,
  429: RPC.UNAVAILABLE,
  502: RPC.UNAVAILABLE,
  503: RPC.UNAVAILABLE,
  504: RPC.UNAVAILABLE,
}

/** What an answer means that is none of a gRPC server, such as a proxy's. grpc/doc/http-grpc-status-mapping.md */
export function errorOfHttp(headers: IncomingHttpHeaders): Error | undefined {
  const status = Number(headers[':status'])
  const type = String(headers['content-type'] ?? '')
  if (status !== 200) return new CallError(BY_HTTP_STATUS[status] ?? RPC.UNKNOWN, `HTTP status ${status}`)
  if (/^application\/grpc(?:$|[+;])/.test(type)) return undefined
  return new NotGrpcError(`the answer is ${type || 'of no content type'}, not application/grpc`)
}
