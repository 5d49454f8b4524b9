import { lookup } from 'node:dns/promises'
import { type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2'
import { isIP } from 'node:net'
import type { Clock } from '../../component/clock.ts'
import { MisconfiguredError } from '../../component/errors.ts'
import type { HeaderList } from '../../config/client_fields.ts'
import { formatAddress } from '../address.ts'
import { connect, describePeer, type Peer } from '../connect.ts'
import type { ProxyServer } from '../proxy.ts'
import type { ClientTls } from '../tls_client.ts'
import type { CallAnswer } from './client_call.ts'
import { GrpcConnection, type KeepAlive } from './client_connection.ts'
import { UnprocessedError } from './client_error.ts'
import type { GrpcTarget } from './client_target.ts'

export interface GrpcChannelOptions {
  readonly target: GrpcTarget
  /** Undefined: without TLS. */
  readonly tls?: ClientTls
  readonly proxy?: ProxyServer
  readonly proxyTls?: ClientTls
  /** What servers see as the name of the host; undefined: the target. */
  readonly authority?: string
  readonly userAgent: string
  /** Sent with each call, names in lower case. */
  readonly headers: HeaderList
  readonly keepAlive?: KeepAlive
  /** True: calls go round over every address of the host; false: all to one. */
  readonly roundRobin: boolean
  /** Config path of the component, `exporters.otlp_grpc`. */
  readonly configKey: string
  readonly clock: Clock
}

export interface GrpcRequest {
  /** `/package.Service/Method`. */
  readonly path: string
  /** The message, piece by piece. */
  readonly chunks: readonly Uint8Array[]
  /** How it is compressed. */
  readonly encoding?: string
  /** Sent as `grpc-timeout`; 0: none. Who calls keeps to it by `signal`. */
  readonly timeoutMs: number
  /** Beside those of the channel. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An address that failed is left alone for so long while others work. */
const LEFT_ALONE_MS = 10_000
/** Connections that end make the host be looked up again, at most once in this time. */
const LOOKUP_EVERY_MS = 1000
/** How often a call that no server took is offered again within one attempt. */
const OFFERS = 3
const CLOSED = 'the exporter is shut down'

/** One address of the target, and the connection to it. */
interface Slot {
  readonly peer: Peer
  connection?: GrpcConnection
  opening?: Promise<GrpcConnection>
  failedAtMs: number
}

/**
 * Unary calls to one target, several at a time on each connection. Connections are opened when they are needed; a new one
 * looks the host up anew. A call that a connection could not take any more (GOAWAY, refused stream) goes out on another.
 */
export class GrpcChannel {
  readonly #options: GrpcChannelOptions
  readonly #authority: string
  readonly #closing = new AbortController()
  readonly #open = new Set<GrpcConnection>()
  #slots: Slot[] = []
  #next = 0
  #lookupAtMs = Number.NEGATIVE_INFINITY
  #lookingUp?: Promise<void>
  #stale = true
  /** Doubled by each server that complains. grpc/doc/keepalive.md */
  #pingFactor = 1

  constructor(options: GrpcChannelOptions) {
    this.#options = options
    this.#authority = options.authority || ('path' in options.target ? 'localhost' : formatAddress(options.target))
  }

  /** One call. Rejects as `exchange` does, with MisconfiguredError when TLS fails, and with what connecting fails with. */
  async call(request: GrpcRequest, signal: AbortSignal): Promise<CallAnswer> {
    const headers = this.#headers(request)
    for (let offer = 1; ; offer++) {
      const connection = await this.#connection()
      signal.throwIfAborted()
      try {
        return await connection.call(headers, request.chunks, request.encoding !== undefined, signal)
      } catch (error) {
        if (!(error instanceof UnprocessedError) || offer === OFFERS) throw error
      }
    }
  }

  /** Makes sure that there is a connection. */
  async probe(): Promise<void> {
    await this.#connection()
  }

  /** Ends every connection and whatever runs on it. */
  close(): void {
    this.#closing.abort(new Error(CLOSED))
    for (const connection of this.#open) connection.destroy()
  }

  #headers({ path, encoding, timeoutMs, headers = {} }: GrpcRequest): OutgoingHttpHeaders {
    const { tls, userAgent, headers: own } = this.#options
    const custom = [...own, ...Object.entries(headers)].map(([name, value]) => [
      name.toLowerCase(),
      binary(name, value),
    ])
    return {
      ':method': 'POST',
      ':scheme': tls ? 'https' : 'http',
      ':authority': this.#authority,
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': userAgent,
      ...(timeoutMs > 0 && { 'grpc-timeout': formatTimeout(timeoutMs) }),
      ...(encoding && { 'grpc-encoding': encoding }),
      'grpc-accept-encoding': 'identity,gzip,deflate,zstd,snappy',
      ...Object.fromEntries(custom),
      [sensitiveHeaders]: custom.map(([name]) => name),
    }
  }

  /** A connection that takes calls; those to other addresses are opened meanwhile. */
  async #connection(): Promise<GrpcConnection> {
    if (this.#closing.signal.aborted) throw new Error(CLOSED)
    const ready = this.#slots.filter(({ connection }) => connection?.usable)
    if (ready.length === 0) return this.#firstConnection()
    if (this.#stale) void this.#lookUp().catch(() => {})
    const nowMs = this.#options.clock.monotonicMs()
    for (const slot of this.#slots)
      if (!slot.connection?.usable && nowMs - slot.failedAtMs >= LEFT_ALONE_MS) void this.#reach(slot).catch(() => {})
    return ready[this.#next++ % ready.length].connection as GrpcConnection
  }

  async #firstConnection(): Promise<GrpcConnection> {
    if (!this.#slots.some(({ opening }) => opening)) await this.#lookUp()
    try {
      return await Promise.any(this.#slots.map(slot => this.#reach(slot)))
    } catch (error) {
      const { errors } = error as AggregateError
      throw errors.find(one => one instanceof MisconfiguredError) ?? errors[0]
    }
  }

  #reach(slot: Slot): Promise<GrpcConnection> {
    slot.opening ??= this.#connect(slot).finally(() => {
      slot.opening = undefined
    })
    return slot.opening
  }

  async #connect(slot: Slot): Promise<GrpcConnection> {
    const { tls, proxy, proxyTls, authority, keepAlive, configKey, clock } = this.#options
    const { signal } = this.#closing
    try {
      const tlsHost = authority?.replace(/:\d+$/, '')
      const own = { peer: slot.peer, tls, tlsHost, protocols: ['h2'], proxy, proxyTls, configKey, clock, signal }
      const socket = await connect(own)
      const connection = await GrpcConnection.open(socket, {
        authority: this.#authority,
        secure: tls !== undefined,
        keepAlive: keepAlive && { ...keepAlive, afterMs: keepAlive.afterMs * this.#pingFactor },
        clock,
        configKey,
        onClose: () => {
          this.#stale = true
          this.#open.delete(connection)
        },
        onTooManyPings: () => {
          this.#pingFactor *= 2
        },
      })
      this.#open.add(connection)
      if (signal.aborted) connection.destroy()
      slot.connection = connection
      slot.failedAtMs = Number.NEGATIVE_INFINITY
      return connection
    } catch (error) {
      slot.failedAtMs = clock.monotonicMs()
      this.#stale = true
      throw error
    }
  }

  /** Finds the addresses of the target; connections to those that are gone end with their calls. */
  #lookUp(): Promise<void> {
    this.#lookingUp ??= this.#resolve().finally(() => {
      this.#lookingUp = undefined
    })
    return this.#lookingUp
  }

  async #resolve(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs()
    if (this.#slots.length > 0 && nowMs - this.#lookupAtMs < LOOKUP_EVERY_MS) return
    const peers = await this.#peers()
    this.#lookupAtMs = nowMs
    this.#stale = false
    const known = new Map(this.#slots.map(slot => [nameOf(slot.peer), slot]))
    this.#slots = peers.map(peer => known.get(nameOf(peer)) ?? { peer, failedAtMs: Number.NEGATIVE_INFINITY })
    for (const slot of known.values()) if (!this.#slots.includes(slot)) slot.connection?.close()
  }

  async #peers(): Promise<Peer[]> {
    const { target, roundRobin, proxy } = this.#options
    if ('path' in target) return [{ path: target.path }]
    const { host, port } = target
    if (isIP(host) || !roundRobin || proxy) return [{ host, port }]
    const addresses = await lookup(host, { all: true }).catch(error => {
      throw new Error(`can't connect to ${formatAddress(target)}: ${error.message}`, { cause: error })
    })
    return [...new Set(addresses.map(({ address }) => address))].map(address => ({ host, port, address }))
  }
}

const nameOf = (peer: Peer): string => ('address' in peer ? `${peer.address} ` : '') + describePeer(peer)

/** Values of binary headers are base64. gRPC over HTTP2, Custom-Metadata. */
function binary(name: string, value: string): string {
  return name.toLowerCase().endsWith('-bin') ? Buffer.from(value).toString('base64').replace(/=+$/, '') : value
}

/** 5000 → `5000m`: at most eight digits and a unit. gRPC over HTTP2, Requests. */
export function formatTimeout(timeoutMs: number): string {
  const units = [
    ['m', 1],
    ['S', 1000],
    ['M', 60_000],
    ['H', 3_600_000],
  ] as const
  for (const [unit, ms] of units) if (timeoutMs / ms < 1e8) return `${Math.ceil(timeoutMs / ms)}${unit}`
  return '99999999H'
}

/** HTTP/2 itself has no word against these names; gRPC has. */
export function isReservedHeader(name: string): boolean {
  return (
    /^(grpc-|:)/i.test(name) || ['te', 'content-type', 'user-agent', 'host', 'connection'].includes(name.toLowerCase())
  )
}
