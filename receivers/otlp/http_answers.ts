import type { ServerResponse } from 'node:http'
import { encodeStatus, RPC, type RpcCode, type RpcError, statusJson } from '../../src/net/rpc_status.ts'
import { OverShareError } from './offer.ts'
import type { Format } from './read.ts'

const CONTENT_TYPES: Record<Format, string> = { protobuf: 'application/x-protobuf', json: 'application/json' }

/** A request that never gets as far as a format: a wrong method or content type. */
export class NotOtlpError extends Error {
  override name = 'NotOtlpError'
  readonly status: 405 | 415
  constructor(status: 405 | 415, message: string) {
    super(message)
    this.status = status
  }
}

/** OTLP/HTTP Response, with what design and specification say of each. Retryable are 429, 502, 503 and 504 only. */
const STATUS: { readonly [C in RpcCode]?: number } = {
  [RPC.INVALID_ARGUMENT]: 400,
  [RPC.UNAUTHENTICATED]: 401,
  [RPC.PERMISSION_DENIED]: 403,
  [RPC.NOT_FOUND]: 404,
  [RPC.UNIMPLEMENTED]: 404,
  [RPC.RESOURCE_EXHAUSTED]: 413,
  [RPC.UNAVAILABLE]: 503,
}

/** An export response without partial success, which in protobuf is empty. */
export function answerTaken(response: ServerResponse, format: Format): void {
  response.setHeader('Content-Type', CONTENT_TYPES[format])
  if (format === 'json') response.setHeader('Content-Length', 2).end('{}')
  else response.setHeader('Content-Length', 0).end()
}

/** google.rpc.Status in the format of the request. */
export function answerError(response: ServerResponse, format: Format, error: RpcError): void {
  if (error.retryAfterMs !== undefined)
    response.setHeader('Retry-After', Math.max(1, Math.ceil(error.retryAfterMs / 1000)))
  const status = error instanceof OverShareError ? 429 : (STATUS[error.code] ?? 500)
  send(response, status, format, format === 'json' ? statusJson(error) : encodeStatus(error))
}

export function answerNotOtlp(response: ServerResponse, { status, message }: NotOtlpError): void {
  if (status === 405) response.setHeader('Allow', 'POST')
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.writeHead(status).end(`${message}\n`)
}

function send(response: ServerResponse, status: number, format: Format, body: Uint8Array | object): void {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'Content-Type': CONTENT_TYPES[format], 'Content-Length': bytes.length })
  response.end(bytes)
}
