import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../component/clock.ts'
import { errorMessage, MisconfiguredError } from '../../component/errors.ts'
import { isTlsError, tlsReason } from '../tls_client.ts'
import { type CallAnswer, exchange } from './client_call.ts'
import { UnprocessedError } from './client_error.ts'

/** How a connection that says nothing is found to be dead; times are milliseconds. */
export interface KeepAlive {
  readonly afterMs: number
  readonly timeoutMs: number
  readonly withoutCalls: boolean
}

export interface ConnectionOptions {
  readonly authority: string
  readonly secure: boolean
  readonly keepAlive?: KeepAlive
  readonly clock: Clock
  /** Config path of the component. */
  readonly configKey: string
  /** The connection is gone. */
  onClose(): void
  /** The server ends it because of its pings. */
  onTooManyPings(): void
}

/** Answers are small; what is sent waits here until the server's windows let it go: a few of the largest batches at a time. */
const WINDOW_BYTES = 2 ** 20
const SESSION_MEMORY_MB = 256
const HANDSHAKE_MS = 20_000
/** How long a connection has to answer a ping before a call's timeout is laid at its door. */
const PING_MS = 10_000

/** One HTTP/2 connection of a client. */
export class GrpcConnection {
  readonly #session: ClientHttp2Session
  readonly #options: ConnectionOptions
  #calls = 0
  #verifying = false
  #lastStreamId = Number.POSITIVE_INFINITY
  readonly #timers = new Set<() => void>()

  private constructor(session: ClientHttp2Session, options: ConnectionOptions) {
    this.#session = session
    this.#options = options
    session.on('error', () => {})
    session.on('goaway', (code, lastStreamId) => {
      this.#lastStreamId = lastStreamId
      if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM) options.onTooManyPings()
    })
    session.once('close', () => {
      for (const cancel of this.#timers) cancel()
      options.onClose()
    })
    if (options.keepAlive) this.#keepAlive()
  }

  /** Speaks HTTP/2 on a socket that is open; resolves once the server has sent its settings. */
  static async open(socket: Socket, options: ConnectionOptions): Promise<GrpcConnection> {
    const { authority, secure, configKey, clock } = options
    if (secure && (socket as TLSSocket).alpnProtocol !== 'h2') {
      socket.destroy()
      const message = `${authority} does not offer HTTP/2 (ALPN h2), which gRPC needs`
      throw new MisconfiguredError(message, `${configKey}.endpoint`)
    }
    const session = connectHttp2(`${secure ? 'https' : 'http'}://${authority}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
      maxSessionMemory: SESSION_MEMORY_MB,
    })
    // Of an error of TLS after the handshake the session tells nobody, and leaves the socket open. Node 24.21
    socket.once('error', () => socket.destroy())
    const cancel = clock.after(HANDSHAKE_MS, () => session.destroy(new Error('no settings in time')))
    try {
      await settled(session, socket, options)
    } finally {
      cancel()
    }
    return new GrpcConnection(session, options)
  }

  /** False once it is closing: then a new one is needed. */
  get usable(): boolean {
    return !this.#session.closed && !this.#session.destroyed
  }

  /** One call; see `exchange`. Rejects with UnprocessedError also when the connection takes no more of them. */
  async call(
    headers: OutgoingHttpHeaders,
    chunks: readonly Uint8Array[],
    compressed: boolean,
    signal: AbortSignal,
  ): Promise<CallAnswer> {
    const stream = this.#request(headers)
    const { bytesRead } = this.#session.socket
    this.#calls++
    try {
      return await exchange(stream, chunks, compressed, signal)
    } catch (error) {
      if (signal.aborted && this.usable && this.#session.socket.bytesRead === bytesRead) this.#verify()
      if (!signal.aborted && (stream.id ?? 0) > this.#lastStreamId) throw new UnprocessedError(errorMessage(error))
      throw error
    } finally {
      this.#calls--
    }
  }

  /** Lets calls under way end. */
  close(): void {
    if (this.usable) this.#session.close()
  }
  destroy(): void {
    this.#session.destroy()
  }

  #request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    try {
      return this.#session.request(headers)
    } catch (error) {
      if (this.usable) throw error
      throw new UnprocessedError(errorMessage(error))
    }
  }

  /** Nothing has come while a call waited: either the server is slow, or nobody is there any more. */
  #verify(): void {
    if (this.#verifying) return
    this.#verifying = true
    this.#ping(this.#options.keepAlive?.timeoutMs ?? PING_MS, () => {
      this.#verifying = false
    })
  }

  #keepAlive(seen = this.#session.socket.bytesRead): void {
    const { afterMs, timeoutMs, withoutCalls } = this.#options.keepAlive as KeepAlive
    this.#after(afterMs, () => {
      const { bytesRead } = this.#session.socket
      if (bytesRead !== seen || (this.#calls === 0 && !withoutCalls)) return this.#keepAlive(bytesRead)
      this.#ping(timeoutMs, () => this.#keepAlive())
    })
  }

  #ping(timeoutMs: number, alive: () => void): void {
    const cancel = this.#after(timeoutMs, () =>
      this.#session.destroy(new Error(`no answer to a ping in ${timeoutMs} ms`)),
    )
    this.#session.ping(() => {
      cancel()
      if (this.usable) alive()
    })
  }

  #after(delayMs: number, fn: () => void): () => void {
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(cancel)
      if (!this.#session.destroyed) fn()
    })
    this.#timers.add(cancel)
    return () => {
      cancel()
      this.#timers.delete(cancel)
    }
  }
}

function settled(
  session: ClientHttp2Session,
  socket: Socket,
  { authority, configKey }: ConnectionOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error?: Error) => {
      const why = error ? tlsReason(error) : 'the connection was closed'
      // A server that wants a certificate says so after the handshake. RFC 8446 §4.4.2.4
      if (isTlsError(error)) return reject(new MisconfiguredError(`${authority} ends TLS: ${why}`, `${configKey}.tls`))
      reject(new Error(`${authority} does not answer in HTTP/2: ${why}`, { cause: error }))
    }
    const closed = () => failed()
    socket.once('error', failed)
    session.once('error', failed)
    session.once('close', closed)
    session.once('remoteSettings', () => {
      socket.removeListener('error', failed)
      session.removeListener('error', failed)
      session.removeListener('close', closed)
      resolve()
    })
  })
}
