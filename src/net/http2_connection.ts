import { constants, type ServerHttp2Session } from 'node:http2'
import type { Clock } from '../component/clock.ts'
import type { GrpcConnectionOptions } from '../component/types.ts'
import { localHost } from './address.ts'

/** A client may not use a larger stream id, so a GOAWAY that names it refuses nothing. RFC 9113 §6.8. */
const LAST_STREAM_ID = 2 ** 31 - 1
/** Pings in too short a time before a connection is ended, as grpc-go counts them. */
const PING_STRIKES = 2

/** One HTTP/2 connection of a server: how long it may live, and its end. */
export class Http2Connection {
  readonly session: ServerHttp2Session
  /** The client's address, and the one it connected to. */
  readonly peer: string | undefined
  readonly localHost: string
  readonly #options: GrpcConnectionOptions
  readonly #clock: Clock
  readonly #timers = new Set<() => void>()
  #streams = 0
  #idleSinceMs: number
  #closing = false
  #lastPingMs = Number.NEGATIVE_INFINITY
  #strikes = 0

  /** A client that has not sent its settings after `handshakeMs` is not speaking HTTP/2. */
  constructor(session: ServerHttp2Session, options: GrpcConnectionOptions, clock: Clock, handshakeMs: number) {
    this.session = session
    this.#options = options
    this.#clock = clock
    this.#idleSinceMs = clock.monotonicMs()
    const { remoteAddress, localAddress } = session.socket
    this.peer = remoteAddress && localHost(remoteAddress)
    this.localHost = localHost(localAddress)
    const cancelHandshake = this.#after(handshakeMs, () => this.destroy())
    session.once('remoteSettings', cancelHandshake)
    session.once('close', () => this.#stop())
    this.#limitAge()
    this.#watchIdle(this.#options.maxIdleMs)
    this.#keepAlive(0)
    if (options.pings) session.on('ping', () => this.#onPing())
  }

  streamOpened(): void {
    this.#streams++
  }

  streamClosed(): void {
    if (--this.#streams === 0) this.#idleSinceMs = this.#clock.monotonicMs()
  }

  /**
   * Lets the calls that run end and takes no new ones. Two GOAWAYs: calls that were under way when the client read the first
   * are still taken; the answer to the ping says that no more of these can come. RFC 9113 §6.8.
   */
  close(): void {
    const { session } = this
    if (this.#closing || session.destroyed) return
    this.#closing = true
    const finish = () => session.destroyed || session.close()
    session.goaway(constants.NGHTTP2_NO_ERROR, LAST_STREAM_ID)
    this.#after(this.#options.pingTimeoutMs, finish)
    if (!session.ping(finish)) finish()
  }

  /** Ends the connection and every call on it. */
  destroy(): void {
    this.session.destroy()
  }

  #limitAge(): void {
    const { maxAgeMs, maxAgeGraceMs } = this.#options
    if (maxAgeMs === undefined) return
    // Spread, so that clients which came together do not come back together.
    this.#after(maxAgeMs * (0.9 + Math.random() * 0.2), () => {
      this.close()
      if (maxAgeGraceMs !== undefined) this.#after(maxAgeGraceMs, () => this.destroy())
    })
  }

  #watchIdle(delayMs: number | undefined): void {
    const { maxIdleMs } = this.#options
    if (delayMs === undefined || maxIdleMs === undefined) return
    this.#after(delayMs, () => {
      const idleMs = this.#streams > 0 ? 0 : this.#clock.monotonicMs() - this.#idleSinceMs
      if (idleMs >= maxIdleMs) this.close()
      else this.#watchIdle(maxIdleMs - idleMs)
    })
  }

  /** `seen`: bytes read when it last looked. A client that sends anything is alive. */
  #keepAlive(seen: number): void {
    const { pingAfterMs, pingTimeoutMs } = this.#options
    this.#after(pingAfterMs, () => {
      const { bytesRead } = this.session.socket
      if (bytesRead !== seen) return this.#keepAlive(bytesRead)
      const giveUp = this.#after(pingTimeoutMs, () => this.destroy())
      this.session.ping(() => {
        giveUp()
        if (!this.session.destroyed) this.#keepAlive(this.session.socket.bytesRead)
      })
    })
  }

  #onPing(): void {
    const { minIntervalMs, withoutCalls } = this.#options.pings as NonNullable<GrpcConnectionOptions['pings']>
    const now = this.#clock.monotonicMs()
    const allowed = this.#streams > 0 || withoutCalls ? minIntervalMs : Math.max(minIntervalMs, 2 * 3_600_000)
    this.#strikes = now - this.#lastPingMs < allowed ? this.#strikes + 1 : 0
    this.#lastPingMs = now
    if (this.#strikes <= PING_STRIKES) return
    this.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'))
    this.destroy()
  }

  #after(delayMs: number, fn: () => void): () => void {
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel)
      if (!this.session.destroyed) fn()
    })
    this.#timers.add(cancel)
    return () => {
      cancel()
      this.#timers.delete(cancel)
    }
  }

  #stop(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }
}
