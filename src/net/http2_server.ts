import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type Http2Server as NodeHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
  type Settings,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Clock } from '../component/clock.ts'
import type { GrpcConnectionOptions, Logger } from '../component/types.ts'
import type { HttpLimits } from './http_server.ts'
import { Http2Connection } from './http2_connection.ts'
import { closeSocket, countConnections, openSocket, renewTls, type SocketAddress, type SocketServer } from './socket.ts'

/**
 * Bytes that a client may send ahead of what was read, on one stream and on one connection. Node gives back what any stream
 * read to the connection at once, so a stream that is not read holds up nobody but itself.
 */
const STREAM_WINDOW_BYTES = 2 ** 20
const CONNECTION_WINDOW_BYTES = 16 * 2 ** 20
/** Megabytes of headers and unsent answers that one connection may hold before it gets no new streams. */
const SESSION_MEMORY_MB = 64

export interface Http2ServerOptions {
  tls: TlsOptions | undefined
  limits: HttpLimits
  /** Asked at each new connection. */
  connections(): GrpcConnectionOptions
  onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Http2Connection): void
  clock: Clock
  log: Logger
}

/** One HTTP/2 socket, with TLS or without (prior knowledge). */
export class Http2Server implements SocketServer {
  readonly #options: Http2ServerOptions
  readonly #server: NodeHttp2Server | Http2SecureServer
  readonly #connections = new Set<Http2Connection>()
  #tls: TlsOptions | undefined
  #draining = false

  constructor(options: Http2ServerOptions) {
    const { tls, limits, log } = options
    this.#options = options
    this.#tls = tls
    this.#server = tls
      ? createSecureServer({ ...this.#serverOptions(), ...tls, handshakeTimeout: limits.headerTimeoutMs })
      : createServer(this.#serverOptions())
    this.#server.maxConnections = limits.maxConnections
    this.#server.on('session', (session: ServerHttp2Session) => this.#connected(session))
    this.#server.on('sessionError', (error: Error) => log.debug('HTTP/2 connection failed', { error }))
    this.#server.on('drop', () => log.warn('connection refused: too many are open', { limit: limits.maxConnections }))
    this.#server.on('tlsClientError', (error: Error, socket: Socket) => {
      log.debug('TLS handshake failed', { peer: socket.remoteAddress, error })
    })
  }

  listen(at: SocketAddress): Promise<number> {
    return openSocket(this.#server, at, this.#options.log)
  }

  adopt(tls: TlsOptions | undefined): boolean {
    const adopted = renewTls(this.#server, this.#tls, tls)
    if (adopted) this.#tls = tls
    return adopted
  }

  /** Settings for connections to come follow whoever borrows the socket now. */
  refresh(): void {
    this.#server.updateSettings(this.#settings())
  }

  stopAccepting(): void {
    closeSocket(this.#server)
  }

  get connections(): Promise<number> {
    return countConnections(this.#server)
  }

  async drain(deadline: AbortSignal): Promise<void> {
    this.#draining = true
    this.stopAccepting()
    for (const connection of this.#connections) connection.close()
    if ((await this.connections) === 0) return
    const end = () => this.#end()
    if (deadline.aborted) end()
    else deadline.addEventListener('abort', end, { once: true })
    await new Promise<void>(resolve => this.#server.once('close', () => resolve()))
    deadline.removeEventListener('abort', end)
  }

  #end(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  #serverOptions(): ServerOptions {
    const { limits } = this.#options
    return {
      settings: this.#settings(),
      maxSessionMemory: SESSION_MEMORY_MB,
      maxHeaderListPairs: 128,
      unknownProtocolTimeout: limits.headerTimeoutMs,
    }
  }

  #settings(): Settings {
    return {
      enablePush: false,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxConcurrentStreams: this.#options.connections().maxConcurrentStreams,
      maxHeaderListSize: this.#options.limits.maxHeaderBytes,
    }
  }

  #connected(session: ServerHttp2Session): void {
    const { clock, limits, onStream, connections } = this.#options
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    const connection = new Http2Connection(session, connections(), clock, limits.headerTimeoutMs)
    this.#connections.add(connection)
    session.once('close', () => this.#connections.delete(connection))
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      connection.streamOpened()
      stream.once('close', () => connection.streamClosed())
      onStream(stream, headers, connection)
    })
    if (this.#draining) connection.close()
  }
}
