import { encodeStatus, RPC, type RpcError } from '../rpc_status.ts'

/** Headers or trailers that end a call. */
export type StatusHeaders = Readonly<Record<string, string>>

export const OK: StatusHeaders = { 'grpc-status': String(RPC.OK) }

/** What tells a client how its call failed; details only where there are any, since every one costs. */
export function statusHeaders(error: RpcError): StatusHeaders {
  return {
    'grpc-status': String(error.code),
    ...(error.message !== '' && { 'grpc-message': percentEncode(error.message) }),
    ...(error.retryAfterMs !== undefined && {
      // Unpadded, as gRPC's binary headers are to be sent.
      'grpc-status-details-bin': Buffer.from(encodeStatus(error)).toString('base64').replace(/=+$/, ''),
    }),
  }
}

/** UTF-8 bytes that are no printable ASCII, and the percent sign, as %XX. gRPC over HTTP2, Responses. */
export function percentEncode(message: string): string {
  if (/^[ -$&-~]*$/.test(message)) return message
  return Array.from(Buffer.from(message), byte =>
    byte < 0x20 || byte > 0x7e || byte === 0x25
      ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
      : String.fromCharCode(byte),
  ).join('')
}
