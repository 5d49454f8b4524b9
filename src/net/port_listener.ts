import type { TlsOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { errorMessage, StartError } from '../component/errors.ts'
import type { Logger } from '../component/types.ts'
import { covers, formatAddress, overlap, widest } from './address.ts'
import { type Borrow, RouteTable } from './routes.ts'
import type { SocketServer } from './socket.ts'

/** Makes a server that answers from `table`. */
export type Serve<H> = (table: RouteTable<H>, tls: TlsOptions | undefined) => SocketServer

/**
 * Everything that is served on one port, or on one unix socket. Borrows of `127.0.0.1:p` and `0.0.0.0:p` share the one socket that the system
 * allows; each still answers only connections to its own address.
 */
export class PortListener<H> {
  readonly #serve: Serve<H>
  readonly #log: Logger
  readonly #path: string | undefined
  readonly #table = new RouteTable<H>()
  readonly #servers = new Map<string, SocketServer>()
  /** Closed sockets whose connections go on. */
  readonly #retired = new Set<SocketServer>()
  #borrows: Borrow<H>[] = []
  #port: number

  /** `port` 0: the first borrow chooses. */
  constructor({ port, path }: { port: number; path?: string }, serve: Serve<H>, log: Logger) {
    this.#port = port
    this.#path = path
    this.#serve = serve
    this.#log = log
  }

  get port(): number {
    return this.#port
  }

  /** Config key of whoever borrowed it last. */
  get holder(): string | undefined {
    return this.#borrows.at(-1)?.configKey
  }

  get unused(): boolean {
    return this.#borrows.length === 0
  }

  get open(): boolean {
    return this.#servers.size > 0
  }

  /** Opens what the borrow needs and lets it serve. Rejects with StartError, and everything is as before. */
  async add(borrow: Borrow<H>): Promise<void> {
    this.#refuseOtherTls(borrow)
    this.#borrows.push(borrow)
    this.#table.add(borrow)
    try {
      await this.#arrange()
    } catch (error) {
      this.#forget(borrow)
      throw startError(error, this.#where(borrow.host), borrow.configKey)
    }
  }

  /** The socket stays open for the next borrower, until `settle`. */
  async remove(borrow: Borrow<H>): Promise<void> {
    this.#forget(borrow)
    await this.#tryArrange(this.#openHosts())
  }

  /** Closes sockets that no borrow needs any more; requests that run there may end before `deadline`. */
  async settle(deadline: AbortSignal): Promise<void> {
    if (this.unused) await this.close(deadline)
    else await this.#tryArrange([])
  }

  async close(deadline: AbortSignal): Promise<void> {
    const servers = [...this.#servers.values(), ...this.#retired]
    this.#servers.clear()
    this.#retired.clear()
    this.#borrows = []
    await Promise.all(servers.map(server => server.drain(deadline)))
  }

  #forget(borrow: Borrow<H>): void {
    this.#borrows = this.#borrows.filter(other => other !== borrow)
    this.#table.remove(borrow)
  }

  #openHosts(): Iterable<string> {
    return this.#servers.keys()
  }

  /** A reload borrows for the same config key with new certificates before the old borrow ends: that is no conflict. */
  #refuseOtherTls(borrow: Borrow<H>): void {
    const other = this.#borrows.find(
      ({ host, configKey, tls }) =>
        configKey !== borrow.configKey && overlap(host, borrow.host) && !isDeepStrictEqual(tls, borrow.tls),
    )
    if (!other) return
    const where = this.#where(borrow.host)
    const message = `${borrow.configKey} and ${other.configKey} share ${where} with different TLS settings; give one of them another address`
    throw new StartError(message, borrow.configKey)
  }

  async #tryArrange(keep: Iterable<string>): Promise<void> {
    try {
      await this.#arrange(keep)
    } catch (error) {
      this.#log.error('listener could not be changed and stays as it was', { port: this.#port, error })
    }
  }

  /** Opens and closes sockets so that there is one for each borrow and for the hosts to `keep`. */
  async #arrange(keep: Iterable<string> = this.#openHosts()): Promise<void> {
    const hosts = widest([...keep, ...this.#borrows.map(({ host }) => host)])
    const open = hosts.filter(host => !this.#servers.get(host)?.adopt(this.#tlsFor(host)))
    const stop = [...this.#openHosts()].filter(host => !hosts.includes(host) || open.some(wide => covers(wide, host)))
    await this.#replace(stop, open)
  }

  /** TLS of the newest borrow that shares the socket. */
  #tlsFor(host: string): TlsOptions | undefined {
    return this.#borrows.findLast(borrow => overlap(borrow.host, host))?.tls
  }

  /** The system refuses a wide socket while a narrow one is open, so the old ones close first, and open again on failure. */
  async #replace(stop: string[], open: string[]): Promise<void> {
    const stopped = stop.map(host => [host, this.#servers.get(host) as SocketServer] as const)
    for (const [host, server] of stopped) {
      server.stopAccepting()
      this.#servers.delete(host)
    }
    const opened: string[] = []
    try {
      for (const host of open) {
        await this.#open(host)
        opened.push(host)
      }
    } catch (error) {
      for (const host of opened) this.#retire(host)
      await this.#reopen(stopped)
      throw error
    }
    for (const [, server] of stopped) this.#retired.add(server)
    await this.#dropEmpty()
  }

  async #open(host: string): Promise<void> {
    const server = this.#serve(this.#table, this.#tlsFor(host))
    this.#port = await server.listen({ host, port: this.#port, path: this.#path })
    this.#servers.set(host, server)
  }

  #retire(host: string): void {
    const server = this.#servers.get(host) as SocketServer
    server.stopAccepting()
    this.#servers.delete(host)
    this.#retired.add(server)
  }

  async #reopen(stopped: (readonly [string, SocketServer])[]): Promise<void> {
    for (const [host, server] of stopped) {
      try {
        await server.listen({ host, port: this.#port, path: this.#path })
        this.#servers.set(host, server)
      } catch (error) {
        this.#retired.add(server)
        this.#log.error('listener is gone: its address was taken meanwhile', { address: this.#where(host), error })
      }
    }
  }

  #where(host: string): string {
    return this.#path ?? formatAddress({ host, port: this.#port })
  }

  async #dropEmpty(): Promise<void> {
    for (const server of this.#retired) if ((await server.connections) === 0) this.#retired.delete(server)
  }
}

interface Reason {
  readonly is: string
  readonly choose: string
}
const REASONS: Record<string, Reason> = {
  EADDRINUSE: { is: 'is in use by another process', choose: 'a free address' },
  EACCES: { is: 'may not be listened on by this user', choose: 'a port above 1023' },
  EADDRNOTAVAIL: { is: 'is no address of this machine', choose: 'one that it has' },
  ENOTFOUND: { is: 'has a host name without an address', choose: 'an address of this machine' },
}

/** The system's error as a sentence that names what to change. */
export function startError(error: unknown, address: string, configKey: string): StartError {
  if (error instanceof StartError) return error
  const { is, choose } = REASONS[(error as NodeJS.ErrnoException).code ?? ''] ?? {
    is: `can't be listened on (${errorMessage(error)})`,
    choose: 'another address',
  }
  return new StartError(`${address} ${is}; set ${configKey} to ${choose}`, configKey, { cause: error })
}
