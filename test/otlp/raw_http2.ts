import { type ClientHttp2Stream, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { onTestFinished } from 'vitest'
import { PATH } from './grpc_world.ts'

/** A gRPC message behind its flag and length. */
export function framed(message: Uint8Array | string, flag = 0): Buffer {
  const bytes = Buffer.from(message)
  const prefix = Buffer.alloc(5)
  prefix[0] = flag
  prefix.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([prefix, bytes])
}

export type RawAnswer = IncomingHttpHeaders & { ':status'?: number }

/** An HTTP/2 connection that sends what it is told, well-formed gRPC or not. */
export function http2Client(port: number, options = {}) {
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1000, ...options })
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  const open = (headers: OutgoingHttpHeaders = {}): ClientHttp2Stream =>
    session.request(
      { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers', ...headers },
      { endStream: false },
    )
  return {
    session,
    open,
    /** Sends `body` and resolves with headers and trailers together. */
    call: (body: Uint8Array, headers: OutgoingHttpHeaders = {}) =>
      new Promise<RawAnswer>((resolve, reject) => {
        const stream = open(headers)
        const answer: RawAnswer = {}
        stream.on('response', got => Object.assign(answer, got))
        stream.on('trailers', got => Object.assign(answer, got))
        stream.on('error', reject).resume()
        stream.on('close', () => (':status' in answer ? resolve(answer) : reject(new Error('no answer'))))
        stream.end(body)
      }),
  }
}
