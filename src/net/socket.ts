import { lstat, unlink } from 'node:fs/promises'
import { type AddressInfo, connect, Server as NetServer } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../component/types.ts'

/** Where a socket listens: an address ('' is every one) and a port, or the path of a unix socket. */
export interface SocketAddress {
  readonly host: string
  readonly port: number
  readonly path?: string
}

/** A listening socket and its connections, whatever protocol they speak. */
export interface SocketServer {
  /** Opens the socket, again after `stopAccepting`. Resolves with its port (0 for a path); rejects with the system's error. */
  listen(at: SocketAddress): Promise<number>
  /** True when it serves with `tls` from now on; false when that needs another socket. */
  adopt(tls: TlsOptions | undefined): boolean
  /** Closes the socket; connections that are open go on, idle ones too. */
  stopAccepting(): void
  readonly connections: Promise<number>
  /** Closes the socket and idle connections, waits for requests that run until `deadline`, then ends those too. */
  drain(deadline: AbortSignal): Promise<void>
}

/** What `SocketServer.listen` does. */
export async function openSocket(server: NetServer, at: SocketAddress, log: Logger): Promise<number> {
  if (at.path !== undefined) await removeStale(at.path)
  return new Promise((resolve, reject) => {
    server.removeAllListeners('error').once('error', reject)
    server.listen(at.path !== undefined ? { path: at.path } : { host: at.host || undefined, port: at.port }, () => {
      server.removeAllListeners('error').on('error', error => log.warn('listener failed', { error }))
      resolve(at.path !== undefined ? 0 : (server.address() as AddressInfo).port)
    })
  })
}

/** A unix socket that nobody serves any more is left by a process that was killed. */
async function removeStale(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat?.isSocket()) return
  const code = await new Promise<string | undefined>(resolve => {
    const socket = connect(path, () => resolve(undefined)).on('error', error =>
      resolve((error as { code?: string }).code),
    )
    socket.on('close', () => socket.destroy())
    socket.once('connect', () => socket.destroy())
  })
  if (code === 'ECONNREFUSED') await unlink(path)
}

/** Closes the listening socket alone: what http and http2 add to `close` would end idle connections. */
export function closeSocket(server: NetServer, closed?: () => void): void {
  if (server.listening) NetServer.prototype.close.call(server, closed)
}

export function countConnections(server: NetServer): Promise<number> {
  return new Promise(resolve => server.getConnections((_, count) => resolve(count ?? 0)))
}

/** Options that `setSecureContext` changes on an open socket; the others need a new one. */
const RENEWABLE: readonly string[] = ['key', 'cert', 'ca', 'passphrase']

/** Lets `server` serve with `next` in place of `now`; false when that needs another socket. */
export function renewTls(server: NetServer, now: TlsOptions | undefined, next: TlsOptions | undefined): boolean {
  if (isDeepStrictEqual(next, now)) return true
  if (!next || !now || !isDeepStrictEqual(fixedPart(next), fixedPart(now))) return false
  ;(server as unknown as { setSecureContext(options: TlsOptions): void }).setSecureContext(next)
  return true
}

function fixedPart(tls: TlsOptions): Partial<TlsOptions> {
  return Object.fromEntries(Object.entries(tls).filter(([key]) => !RENEWABLE.includes(key)))
}
