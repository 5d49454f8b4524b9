import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { TlsOptions } from 'node:tls'
import type { Clock } from '../../component/clock.ts'
import type { GrpcConnectionOptions, GrpcMethod, Logger } from '../../component/types.ts'
import { ENCODINGS } from '../decompress.ts'
import type { HttpLimits } from '../http_server.ts'
import type { Http2Connection } from '../http2_connection.ts'
import { Http2Server } from '../http2_server.ts'
import type { Match, RouteTable } from '../routes.ts'
import { RPC, RpcError } from '../rpc_status.ts'
import type { SocketAddress, SocketServer } from '../socket.ts'
import type { YoungMemory } from '../young_memory.ts'
import { OK, statusHeaders } from './status_headers.ts'
import { type CallContext, type CallStream, UnaryCall } from './unary_call.ts'

const DEFAULT_CONNECTIONS: GrpcConnectionOptions = {
  maxConcurrentStreams: 1000,
  pingAfterMs: 2 * 3_600_000,
  pingTimeoutMs: 20_000,
}

const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': ['identity', ...ENCODINGS].join(','),
}

/** No date: nobody reads it. */
const RESPOND = { sendDate: false }
const RESPOND_WITH_TRAILERS = { ...RESPOND, waitForTrailers: true }
const RESPOND_ALONE = { ...RESPOND, endStream: true }

export interface GrpcServerOptions {
  table: RouteTable<GrpcMethod>
  tls: TlsOptions | undefined
  limits: HttpLimits
  clock: Clock
  log: Logger
  /** Told of the bytes that messages bring. */
  memory?: YoungMemory
}

/** One gRPC socket: unary methods from a table. gRPC over HTTP2. */
export class GrpcServer implements SocketServer {
  readonly #table: RouteTable<GrpcMethod>
  readonly #http2: Http2Server
  readonly #context: CallContext

  constructor({ table, tls, limits, clock, log, memory }: GrpcServerOptions) {
    this.#table = table
    this.#context = { clock, log, receiveTimeoutMs: limits.requestTimeoutMs, memory }
    this.#http2 = new Http2Server({
      tls,
      limits,
      clock,
      log,
      connections: () => table.connections ?? DEFAULT_CONNECTIONS,
      onStream: (...stream) => this.#serve(...stream),
    })
  }

  listen(at: SocketAddress): Promise<number> {
    return this.#http2.listen(at)
  }
  adopt(tls: TlsOptions | undefined): boolean {
    this.#http2.refresh()
    return this.#http2.adopt(tls)
  }
  stopAccepting(): void {
    this.#http2.stopAccepting()
  }
  get connections(): Promise<number> {
    return this.#http2.connections
  }
  drain(deadline: AbortSignal): Promise<void> {
    return this.#http2.drain(deadline)
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Http2Connection): void {
    stream.on('error', error => this.#context.log.debug('stream failed', { error }))
    const status = refusedStatus(headers)
    const path = String(headers[':path'])
    const match = this.#table.match(path, connection.localHost)
    if (status !== undefined) refuseRequest(stream, status)
    else if (!match) answers(stream).fail(this.#unknown(path, connection.localHost))
    else void run(stream, this.#call(stream, headers, path, connection, match))
  }

  /** Without any method the address waits for its next borrower or for its end. */
  #unknown(path: string, host: string): RpcError {
    if (this.#table.paths(host).length > 0) return new RpcError(RPC.UNIMPLEMENTED, `unknown method ${path}`)
    return new RpcError(RPC.UNAVAILABLE, 'nothing is served here at the moment', { retryAfterMs: 1000 })
  }

  #call(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    path: string,
    { peer }: Http2Connection,
    { handler, borrow }: Match<GrpcMethod>,
  ): UnaryCall {
    borrow.enter()
    return new UnaryCall({ path, peer, headers }, handler, answers(stream), this.#context, () => borrow.leave())
  }
}

async function run(stream: ServerHttp2Stream, call: UnaryCall): Promise<void> {
  stream.once('close', () => call.cancel())
  const opening = call.open()
  if (opening) await opening
  stream.on('data', (chunk: Buffer) => call.push(chunk))
  // A reset ends the readable side, too.
  stream.once('end', () => (stream.aborted || stream.rstCode !== 0 ? call.cancel() : call.end()))
}

/** Requests that are not gRPC get an HTTP status. gRPC over HTTP2, Requests. */
function refusedStatus(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405
  return /^application\/grpc(?:$|[+;])/.test(headers['content-type'] ?? '') ? undefined : 415
}

function refuseRequest(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ':status': status, ...(status === 405 && { allow: 'POST' }) }, { endStream: true })
  stream.close(constants.NGHTTP2_NO_ERROR)
}

function answers(stream: ServerHttp2Stream): CallStream {
  return {
    answer(message) {
      if (stream.destroyed) return
      stream.respond(HEADERS, RESPOND_WITH_TRAILERS)
      stream.once('wantTrailers', () => stream.sendTrailers(OK))
      stream.end(framed(message))
    },
    fail(error) {
      if (stream.destroyed) return
      stream.respond({ ...HEADERS, ...statusHeaders(error) }, RESPOND_ALONE)
      stream.resume()
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
    },
  }
}

/** Uncompressed, behind its length. */
function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(5 + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, 5)
  return bytes
}
