import type { TlsOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { errorMessage, StartError } from '../component/errors.ts'
import type { Logger } from '../component/types.ts'
import { covers, formatAddress, overlap, widest } from './address.ts'
import { dispatch } from './dispatch.ts'
import { type HttpLimits, HttpServer } from './http_server.ts'
import { type Borrow, RouteTable } from './routes.ts'

/**
 * Everything that is served on one port. Borrows of `127.0.0.1:p` and `0.0.0.0:p` share the one socket that the system
 * allows; each still answers only connections to its own address.
 */
export class PortListener {
  readonly #limits: HttpLimits
  readonly #log: Logger
  readonly #table = new RouteTable()
  readonly #servers = new Map<string, HttpServer>()
  /** Closed sockets whose connections go on. */
  readonly #retired = new Set<HttpServer>()
  #borrows: Borrow[] = []
  #port: number

  /** `port` 0: the first borrow chooses. */
  constructor(port: number, limits: HttpLimits, log: Logger) {
    this.#port = port
    this.#limits = limits
    this.#log = log
  }

  get port(): number {
    return this.#port
  }

  get unused(): boolean {
    return this.#borrows.length === 0
  }

  get open(): boolean {
    return this.#servers.size > 0
  }

  /** Opens what the borrow needs and lets it serve. Rejects with StartError, and everything is as before. */
  async add(borrow: Borrow): Promise<void> {
    this.#refuseOtherTls(borrow)
    this.#borrows.push(borrow)
    this.#table.add(borrow)
    try {
      await this.#arrange()
    } catch (error) {
      this.#forget(borrow)
      throw startError(error, formatAddress({ host: borrow.host, port: this.#port }), borrow.configKey)
    }
  }

  /** The socket stays open for the next borrower, until `settle`. */
  async remove(borrow: Borrow): Promise<void> {
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

  #forget(borrow: Borrow): void {
    this.#borrows = this.#borrows.filter(other => other !== borrow)
    this.#table.remove(borrow)
  }

  #openHosts(): Iterable<string> {
    return this.#servers.keys()
  }

  /** A reload borrows for the same config key with new certificates before the old borrow ends: that is no conflict. */
  #refuseOtherTls(borrow: Borrow): void {
    const other = this.#borrows.find(
      ({ host, configKey, tls }) =>
        configKey !== borrow.configKey && overlap(host, borrow.host) && !isDeepStrictEqual(tls, borrow.tls),
    )
    if (!other) return
    const where = formatAddress({ host: borrow.host, port: this.#port })
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
    const stopped = stop.map(host => [host, this.#servers.get(host) as HttpServer] as const)
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
    const onRequest = async (...[request, response]: Parameters<ConstructorParameters<typeof HttpServer>[2]>) =>
      dispatch(this.#table, request, response, this.#log)
    const server = new HttpServer(this.#tlsFor(host), this.#limits, onRequest, this.#log)
    this.#port = (await server.listen(host, this.#port)).port
    this.#servers.set(host, server)
  }

  #retire(host: string): void {
    const server = this.#servers.get(host) as HttpServer
    server.stopAccepting()
    this.#servers.delete(host)
    this.#retired.add(server)
  }

  async #reopen(stopped: (readonly [string, HttpServer])[]): Promise<void> {
    for (const [host, server] of stopped) {
      try {
        await server.listen(host, this.#port)
        this.#servers.set(host, server)
      } catch (error) {
        this.#retired.add(server)
        const address = formatAddress({ host, port: this.#port })
        this.#log.error('listener is gone: its address was taken meanwhile', { address, error })
      }
    }
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
