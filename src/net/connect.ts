import { type IncomingMessage, request } from 'node:http'
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '../component/clock.ts'
import { MisconfiguredError } from '../component/errors.ts'
import { formatAddress } from './address.ts'
import type { ProxyServer } from './proxy.ts'
import { type ClientTls, isTlsError, tlsReason } from './tls_client.ts'

/** Where a connection goes: a host and port, or the path of a unix socket. */
export type Peer =
  | { readonly host: string; readonly port: number; readonly address?: string }
  | { readonly path: string }

export interface ConnectOptions {
  readonly peer: Peer
  /** Undefined: without TLS. */
  readonly tls?: ClientTls
  /** Whose certificate it has to be; undefined: the peer's. */
  readonly tlsHost?: string
  /** For ALPN. */
  readonly protocols?: string[]
  /** To ask the proxy for a tunnel to the peer. */
  readonly proxy?: ProxyServer
  /** TLS towards a proxy of https. */
  readonly proxyTls?: ClientTls
  /** Config path of the component, `exporters.otlp_http`, for MisconfiguredError. */
  readonly configKey: string
  readonly clock: Clock
  /** Gives up opening. */
  readonly signal?: AbortSignal
}

const CONNECT_TIMEOUT_MS = 30_000
const KEEP_ALIVE_MS = 15_000
/** What a proxy answers whose settings are wrong; other refusals may pass. */
const PROXY_REFUSES = new Set([401, 403, 404, 405, 407])

/**
 * Opens a connection: to the proxy if there is one, through it, and with TLS. Rejects with MisconfiguredError when TLS fails
 * or the proxy refuses us, with another error otherwise; messages name the other end.
 */
export async function connect(options: ConnectOptions): Promise<Socket> {
  const { peer, proxy, tls, proxyTls, protocols, configKey } = options
  const opening = new Opening(options)
  try {
    let socket = await opening.reach(connectTcp(tcpOptions(proxy ?? peer)), 'connect', describePeer(proxy ?? peer))
    if (proxy?.secure && proxyTls)
      socket = await secure(opening, socket, proxyTls, proxy.host, [], `${configKey}.proxy_url`)
    if (proxy && 'host' in peer) socket = await tunnel(socket, proxy, peer, configKey)
    if (!tls) return socket
    const host = options.tlsHost ?? ('host' in peer ? peer.host : 'localhost')
    return await secure(opening, socket, tls, host, protocols ?? [], `${configKey}.tls`)
  } finally {
    opening.over()
  }
}

/** A connection on its way; the socket under it ends when time is up or nobody wants it any more. */
class Opening {
  #socket?: Socket
  #ended?: Error
  /** No timer and no listener is left. */
  readonly over: () => void

  constructor({ clock, signal }: ConnectOptions) {
    const cancel = clock.after(CONNECT_TIMEOUT_MS, () =>
      this.#end(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`)),
    )
    const abort = () => this.#end(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    this.over = () => {
      cancel()
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Waits for the event that says that this socket can be used. */
  reach<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', to: string): Promise<S> {
    this.#socket = socket
    return new Promise((resolve, reject) => {
      const failed = (error?: NodeJS.ErrnoException) => {
        socket.removeListener(event, opened)
        socket.destroy()
        reject(unreachable(to, error))
      }
      const closed = () => failed()
      const opened = () => {
        socket.removeListener('error', failed)
        socket.removeListener('close', closed)
        // Nobody may listen yet when the other end goes; whoever uses the socket is told by 'close'.
        socket.on('error', () => {})
        resolve(socket)
      }
      socket.once('error', failed)
      socket.once('close', closed)
      socket.once(event, opened)
      if (this.#ended) socket.destroy(this.#ended)
    })
  }

  #end(error: Error): void {
    this.#ended = error
    this.#socket?.destroy(error)
  }
}

function unreachable(to: string, cause: NodeJS.ErrnoException | undefined): Error {
  const why = (cause && tlsReason(cause)) || cause?.code || 'the connection was closed'
  return Object.assign(new Error(`can't connect to ${to}: ${why}`, { cause }), { code: cause?.code })
}

/** `10.0.0.1:4317`, `unix:/run/otlp.sock`. */
export function describePeer(peer: Peer): string {
  return 'path' in peer ? `unix:${peer.path}` : formatAddress({ host: peer.host, port: peer.port })
}

function tcpOptions(peer: Peer): TcpNetConnectOpts | { path: string } {
  if ('path' in peer) return { path: peer.path }
  return {
    host: peer.address ?? peer.host,
    port: peer.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  }
}

async function secure(
  opening: Opening,
  socket: Socket,
  tls: ClientTls,
  host: string,
  protocols: string[],
  configKey: string,
): Promise<TLSSocket> {
  try {
    const options: ConnectionOptions = { ...(await tls.optionsFor(host, protocols)), socket }
    return await opening.reach(connectTls(options), 'secureConnect', host)
  } catch (error) {
    socket.destroy()
    // RFC 7301 §3.2: none of `protocols` is spoken there.
    if ((error as NodeJS.ErrnoException).code?.includes('NO_APPLICATION_PROTOCOL')) {
      const message = `${host} does not speak ${protocols.join(' or ')} over TLS`
      throw new MisconfiguredError(message, configKey.replace(/\.tls$/, '.endpoint'), { cause: error })
    }
    if (isTlsError(error)) throw new MisconfiguredError((error as Error).message, configKey, { cause: error })
    throw error
  }
}

/** RFC 9110 §9.3.6, CONNECT. */
async function tunnel(
  socket: Socket,
  proxy: ProxyServer,
  peer: { host: string; port: number },
  configKey: string,
): Promise<Socket> {
  const to = formatAddress(peer)
  const { answer, head } = await ask(socket, to, proxy).catch(error => {
    socket.destroy()
    throw new Error(`the proxy ${formatAddress(proxy)} does not connect to ${to}: ${error.message}`, { cause: error })
  })
  const status = answer.statusCode ?? 0
  if (status >= 200 && status < 300) {
    if (head.length > 0) socket.unshift(head)
    return socket
  }
  socket.destroy()
  const message = `the proxy ${formatAddress(proxy)} refuses to connect to ${to}: ${status} ${answer.statusMessage ?? ''}`
  throw PROXY_REFUSES.has(status) ? new MisconfiguredError(message, `${configKey}.proxy_url`) : new Error(message)
}

function ask(socket: Socket, to: string, proxy: ProxyServer): Promise<{ answer: IncomingMessage; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { Host: to, ...(proxy.authorization && { 'Proxy-Authorization': proxy.authorization }) }
    const connecting = request({ method: 'CONNECT', path: to, headers, createConnection: () => socket })
    connecting.once('connect', (answer: IncomingMessage, _: Socket, head: Buffer) => resolve({ answer, head }))
    connecting.once('error', reject)
    connecting.end()
  })
}
