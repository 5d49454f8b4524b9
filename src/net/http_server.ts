import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Logger } from '../component/types.ts'
import { closeSocket, countConnections, openSocket, renewTls, type SocketAddress, type SocketServer } from './socket.ts'

/** What a client may cost. Times are milliseconds. */
export interface HttpLimits {
  maxConnections: number
  maxHeaderBytes: number
  headerTimeoutMs: number
  requestTimeoutMs: number
  keepAliveMs: number
}

export const HTTP_LIMITS: HttpLimits = {
  maxConnections: 4096,
  maxHeaderBytes: 16 * 1024,
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 75_000,
}

export type OnRequest = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** One HTTP/1.1 socket, with TLS or without. */
export class HttpServer implements SocketServer {
  readonly #server: Server
  readonly #log: Logger
  #tls?: TlsOptions
  #draining = false

  constructor(tls: TlsOptions | undefined, limits: HttpLimits, onRequest: OnRequest, log: Logger) {
    this.#tls = tls
    this.#log = log
    const options = serverOptions(limits)
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response, onRequest)
    this.#server = tls
      ? createTlsServer({ ...options, ...tls, handshakeTimeout: limits.headerTimeoutMs }, answer)
      : createServer(options, answer)
    this.#server.maxConnections = limits.maxConnections
    this.#server.on('drop', () => log.warn('connection refused: too many are open', { limit: limits.maxConnections }))
    this.#server.on('tlsClientError', (error: Error, socket: Socket) => {
      log.debug('TLS handshake failed', { peer: socket.remoteAddress, error })
    })
  }

  listen(at: SocketAddress): Promise<number> {
    return openSocket(this.#server, at, this.#log)
  }

  adopt(tls: TlsOptions | undefined): boolean {
    const adopted = renewTls(this.#server, this.#tls, tls)
    if (adopted) this.#tls = tls
    return adopted
  }

  /** Idle connections go on too, which http's own `close` would end. */
  stopAccepting(): void {
    // After the last connection: http's own close ends the timer that checks them.
    closeSocket(this.#server, () => this.#server.listening || this.#server.close())
  }

  get connections(): Promise<number> {
    return countConnections(this.#server)
  }

  async drain(deadline: AbortSignal): Promise<void> {
    this.#draining = true
    this.stopAccepting()
    this.#server.closeIdleConnections()
    if ((await this.connections) === 0) return
    await new Promise<void>(resolve => {
      const end = () => this.#server.closeAllConnections()
      this.#server.once('close', () => {
        deadline.removeEventListener('abort', end)
        resolve()
      })
      if (deadline.aborted) end()
      else deadline.addEventListener('abort', end, { once: true })
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse, onRequest: OnRequest): void {
    if (this.#draining) response.setHeader('Connection', 'close')
    // A connection whose request was running when the drain began is idle once its answer is out.
    response.once('close', () => this.#draining && setImmediate(() => this.#server.closeIdleConnections()))
    void onRequest(request, response)
  }
}

function serverOptions(limits: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(5000, limits.headerTimeoutMs),
  }
}
