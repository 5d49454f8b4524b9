import { Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as send } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../component/clock.ts'
import { MisconfiguredError } from '../component/errors.ts'
import type { HeaderList } from '../config/client_fields.ts'
import { connect, type Peer } from './connect.ts'
import { bare, type ProxyServer } from './proxy.ts'
import { type ClientTls, isTlsError, tlsReason } from './tls_client.ts'

export interface HttpClientOptions {
  /** For https, and for a proxy of https. */
  readonly tls: ClientTls
  readonly proxyFor: (target: URL) => ProxyServer | undefined
  /** Config path of the component, `exporters.otlp_http`. */
  readonly configKey: string
  readonly keepAlive: boolean
  /** Connections to one host; Infinity: no limit. */
  readonly maxConnections: number
  /** Connections kept open for the next request. */
  readonly maxIdleConnections: number
  readonly idleTimeoutMs: number
  readonly clock: Clock
}

/** Bytes of an answer that are read; what is longer is cut off. */
const MAX_ANSWER_BYTES = 64 * 1024
const CONCAT_BELOW_BYTES = 4096
const NOTHING = Buffer.alloc(0)

/** Where requests go: everything about it that does not change from one to the next. */
export interface HttpTarget {
  readonly url: URL
  readonly agent: ClientAgent
  /** TLS is spoken to it, or to the proxy before it. */
  readonly needsTls: boolean
  readonly host: string
  readonly port: number
  readonly path: string
  /** What it wants to be sent. */
  readonly headers: HeaderList
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
  /** The body was longer than what was read of it. */
  readonly truncated: boolean
}

/**
 * Sends requests by HTTP/1.1 over connections that are kept. A new connection looks its host up anew. Redirects are not
 * followed. An answer is read up to 64 KiB.
 */
export class HttpClient {
  readonly #options: HttpClientOptions
  readonly #agents: ClientAgent[] = []

  constructor(options: HttpClientOptions) {
    this.#options = options
  }

  /** What `post` needs to know of a URL. A user and password in it become basic authentication. Throws TypeError for a bad proxy. */
  target(url: URL): HttpTarget {
    const secure = url.protocol === 'https:'
    const peer = { host: bare(url.hostname), port: Number(url.port) || (secure ? 443 : 80) }
    const proxy = this.#options.proxyFor(url)
    const path = url.pathname + url.search
    const headers: [string, string][] = [['Host', url.host]]
    if (url.username) headers.push(['Authorization', basicAuth(url)])
    if (!proxy || secure) {
      const needsTls = secure || proxy?.secure === true
      return { url, agent: this.#agent(peer, secure, proxy), needsTls, ...peer, path, headers }
    }
    if (proxy.authorization) headers.push(['Proxy-Authorization', proxy.authorization])
    const { host, port } = proxy
    const agent = this.#agent({ host, port }, proxy.secure)
    return { url, agent, needsTls: proxy.secure, host, port, path: `http://${url.host}${path}`, headers }
  }

  /**
   * One POST with `headers`, which `headerList` made, and Content-Length. Rejects when there is no whole answer: with MisconfiguredError when TLS
   * fails or the proxy refuses, with the reason of `signal` when that ends it.
   */
  async post(
    target: HttpTarget,
    headers: readonly string[],
    chunks: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    try {
      return await exchange(target, headers, chunks, signal)
    } catch (error) {
      // The server closed an idle connection just when it was used: what was sent went nowhere, as a rule.
      if (!(error instanceof StaleConnectionError) || signal.aborted) throw error
      return await exchange(target, headers, chunks, signal)
    }
  }

  /** Opens a connection and closes it. */
  async probe({ agent }: HttpTarget): Promise<void> {
    ;(await agent.open()).destroy()
  }

  /** Ends idle connections, and those in use. */
  close(): void {
    for (const agent of this.#agents) agent.destroy()
  }

  #agent(peer: Peer, secure: boolean, proxy?: ProxyServer): ClientAgent {
    const agent = new ClientAgent(this.#options, peer, secure, proxy)
    this.#agents.push(agent)
    return agent
  }
}

function basicAuth({ username, password }: URL): string {
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** Headers for `post`, names and values in turn; of the same name the last one counts. */
export function headerList(...lists: readonly HeaderList[]): string[] {
  const byName = new Map<string, readonly [string, string]>()
  for (const header of lists.flat()) byName.set(header[0].toLowerCase(), header)
  return [...byName.values()].flat()
}

/** Keeps the connections to one peer. */
class ClientAgent extends Agent {
  readonly #options: HttpClientOptions
  readonly #peer: Peer
  readonly #secure: boolean
  readonly #proxy: ProxyServer | undefined
  readonly #closing = new AbortController()
  readonly #freedAtMs = new WeakMap<Duplex, number>()
  #cancelSweep?: () => void

  constructor(options: HttpClientOptions, peer: Peer, secure: boolean, proxy: ProxyServer | undefined) {
    super({
      keepAlive: options.keepAlive,
      maxSockets: options.maxConnections,
      maxFreeSockets: options.maxIdleConnections,
    })
    this.#options = options
    this.#peer = peer
    this.#secure = secure
    this.#proxy = proxy
  }

  /** The setting to blame when TLS fails. */
  get tlsKey(): string {
    return `${this.#options.configKey}.tls`
  }

  /** Connections that are being opened are given up too. */
  override destroy(): void {
    this.#cancelSweep?.()
    this.#closing.abort(new Error('the exporter is shut down'))
    super.destroy()
  }

  /** Instead of the timeout that Agent itself has, which costs each request a tenth. */
  override keepSocketAlive(socket: Duplex): boolean {
    const { idleTimeoutMs, clock } = this.#options
    if (idleTimeoutMs > 0) {
      this.#freedAtMs.set(socket, clock.monotonicMs())
      this.#cancelSweep ??= clock.after(idleTimeoutMs, () => this.#sweep())
    }
    return super.keepSocketAlive(socket) as unknown as boolean
  }

  /** Closes what was idle for too long, and comes back when the next one is. */
  #sweep(): void {
    const { idleTimeoutMs, clock } = this.#options
    const nowMs = clock.monotonicMs()
    let waitMs = Number.POSITIVE_INFINITY
    for (const socket of Object.values(this.freeSockets).flatMap(list => list ?? [])) {
      const leftMs = (this.#freedAtMs.get(socket) ?? 0) + idleTimeoutMs - nowMs
      if (leftMs <= 0) socket.destroy()
      else waitMs = Math.min(waitMs, leftMs)
    }
    this.#cancelSweep = waitMs < Number.POSITIVE_INFINITY ? clock.after(waitMs, () => this.#sweep()) : undefined
  }

  open(): Promise<Socket> {
    const { tls, configKey, clock } = this.#options
    const own = { peer: this.#peer, configKey, clock, proxy: this.#proxy, signal: this.#closing.signal }
    return connect({ ...own, tls: this.#secure ? tls : undefined, proxyTls: tls })
  }

  override createConnection(_: unknown, opened?: (error: Error | null, socket: Duplex) => void): undefined {
    void this.open().then(
      socket => opened?.(null, socket),
      error => opened?.(error, undefined as unknown as Duplex),
    )
  }
}

/** A kept connection broke before anything came back. */
class StaleConnectionError extends Error {
  override name = 'StaleConnectionError'
}

function exchange(
  { agent, host, port, path, url }: HttpTarget,
  headers: readonly string[],
  chunks: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const body = joined(chunks)
    const sizeBytes = body.reduce((sum, chunk) => sum + chunk.length, 0)
    const own = [...headers, 'Content-Length', String(sizeBytes)]
    const outgoing = send({ agent, host, port, path, method: 'POST', headers: own })
    const abort = () => outgoing.destroy(signal.reason)
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : error)
    signal.addEventListener('abort', abort, { once: true })
    let answered = false
    outgoing.once('close', () => {
      signal.removeEventListener('abort', abort)
      // An upgrade that nobody asked for ends like this, without an error.
      if (!answered) fail(new Error(`${url.host} closed the connection before it answered`))
    })
    outgoing.once('response', incoming => {
      answered = true
      void readAnswer(outgoing, incoming).then(resolve, fail)
    })
    outgoing.on('error', error => fail(explained(error, outgoing, url, agent.tlsKey)))
    for (let i = 0; i < body.length - 1; i++) outgoing.write(body[i])
    outgoing.end(body.at(-1))
  })
}

/** Small pieces are put together: each one that is written costs as much as copying 4 KiB. */
function joined(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chunks.length < 2) return chunks
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  return sizeBytes / chunks.length < CONCAT_BELOW_BYTES ? [Buffer.concat(chunks, sizeBytes)] : chunks
}

function explained(error: NodeJS.ErrnoException, outgoing: ClientRequest, url: URL, tlsKey: string): Error {
  const { code = '', message } = error
  // A server that wants a certificate says so after the handshake. RFC 8446 §4.4.2.4
  if (isTlsError(error))
    return new MisconfiguredError(`${url.host} ends TLS: ${tlsReason(error)}`, tlsKey, { cause: error })
  const broken = code === 'ECONNRESET' || code === 'EPIPE'
  if (broken && outgoing.reusedSocket) return new StaleConnectionError(message, { cause: error })
  if (broken) return new Error(`${url.host} closed the connection before it answered`, { cause: error })
  if (code.startsWith('HPE_')) {
    return new Error(`${url.host} does not answer in HTTP/1.1: ${message}`, { cause: error })
  }
  return error
}

function readAnswer(outgoing: ClientRequest, incoming: IncomingMessage): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const finish = (truncated: boolean) => {
      // An answer that came before all was sent leaves a connection that nobody else can use.
      if (!outgoing.writableFinished || truncated) outgoing.destroy()
      const body = chunks.length > 1 ? Buffer.concat(chunks) : (chunks[0] ?? NOTHING)
      const { statusCode: status = 0, headers } = incoming
      resolve({ status, headers, body: truncated ? body.subarray(0, MAX_ANSWER_BYTES) : body, truncated })
    }
    incoming.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      chunks.push(chunk)
      if (sizeBytes > MAX_ANSWER_BYTES) finish(true)
    })
    incoming.once('end', () => finish(false))
    incoming.on('error', error => reject(new Error(`the answer ended early: ${error.message}`, { cause: error })))
    incoming.once('close', () => {
      if (!incoming.readableEnded) reject(new Error('the answer ended early'))
    })
  })
}

/** `https://gateway:4318`, without credentials, for messages. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}
