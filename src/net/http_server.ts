import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../component/types.ts'

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

/** Options that `setSecureContext` changes on an open socket; the others need a new one. */
const RENEWABLE = ['key', 'cert', 'ca', 'passphrase'] as const

/** One HTTP/1.1 socket, with TLS or without. */
export class HttpServer {
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

  /** Opens the socket, again after `stopAccepting`; '' is every address. Rejects with the system's error. */
  listen(host: string, port: number): Promise<AddressInfo> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.removeAllListeners('error').once('error', reject)
      server.listen({ host: host || undefined, port }, () => {
        server.removeAllListeners('error').on('error', error => this.#log.warn('listener failed', { error }))
        resolve(server.address() as AddressInfo)
      })
    })
  }

  /** True when it serves with `tls` from now on; false when that needs another socket. */
  adopt(tls: TlsOptions | undefined): boolean {
    if (isDeepStrictEqual(tls, this.#tls)) return true
    if (!tls || !this.#tls || !isDeepStrictEqual(fixedPart(tls), fixedPart(this.#tls))) return false
    ;(this.#server as unknown as { setSecureContext(options: TlsOptions): void }).setSecureContext(tls)
    this.#tls = tls
    return true
  }

  /** Closes the socket; connections that are open go on, idle ones too, which http's own `close` would end. */
  stopAccepting(): void {
    // After the last connection: http's own close ends the timer that checks them.
    const ended = () => this.#server.listening || this.#server.close()
    if (this.#server.listening) NetServer.prototype.close.call(this.#server, ended)
  }

  get connections(): Promise<number> {
    return new Promise(resolve => this.#server.getConnections((_, count) => resolve(count ?? 0)))
  }

  /** Closes the socket and idle connections, waits for requests that run until `deadline`, then ends those too. */
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

function fixedPart(tls: TlsOptions): Partial<TlsOptions> {
  return Object.fromEntries(Object.entries(tls).filter(([key]) => !(RENEWABLE as readonly string[]).includes(key)))
}
