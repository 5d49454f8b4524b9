import type { Clock } from '../component/clock.ts'
import { StartError } from '../component/errors.ts'
import type { Borrowed, Logger } from '../component/types.ts'
import { listenAddress } from './address.ts'
import { PortListener, type Serve, startError } from './port_listener.ts'
import { Borrow, type BorrowOptions } from './routes.ts'
import type { SocketAddress } from './socket.ts'

export interface PortsOptions<H> {
  /** For messages: `HTTP`. */
  protocol: string
  serve: Serve<H>
  /** Says who serves another protocol on a port. */
  taken(port: number): string | undefined
  /** Runs changes one after another: two changes of the same sockets must not meet. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T>
  clock: Clock
  log: Logger
  /** Milliseconds that requests may still run after their routes were released or their socket closed. */
  drainMs: number
}

const UNIX = 'unix:'

/** The sockets of one protocol, by port or path. `H`: what handles a route. */
export class Ports<H> {
  readonly #options: PortsOptions<H>
  readonly #listeners = new Map<string, PortListener<H>>()
  #closed = false

  constructor(options: PortsOptions<H>) {
    this.#options = options
  }

  borrow(endpoint: string, routes: Readonly<Record<string, H>>, options: BorrowOptions): Promise<Borrowed> {
    return this.#options.inTurn(() => this.#borrow(endpoint, routes, options))
  }

  /** Config key of whoever serves on a port. */
  holder(port: number): string | undefined {
    return port === 0 ? undefined : this.#listeners.get(String(port))?.holder
  }

  /** Closes the sockets that nothing borrows any more. Not in turn: its caller is. */
  async settle(): Promise<void> {
    const { signal, cancel } = abortAfter(this.#options.clock, this.#options.drainMs)
    const all = new Set(this.#listeners.values())
    for (const listener of all) if (listener.unused) this.#forget(listener)
    await Promise.all([...all].map(listener => listener.settle(signal)))
    cancel()
  }

  /** Closes everything, now and for good. Not in turn: its caller is. */
  async close(deadline: AbortSignal): Promise<void> {
    this.#closed = true
    const all = new Set(this.#listeners.values())
    this.#listeners.clear()
    await Promise.all([...all].map(listener => listener.close(deadline)))
  }

  async #borrow(endpoint: string, routes: Readonly<Record<string, H>>, options: BorrowOptions): Promise<Borrowed> {
    const address = await resolve(endpoint, options.configKey)
    if (this.#closed) throw new StartError('the agent is stopping', options.configKey)
    this.#refuseOtherProtocol(address.port, endpoint, options.configKey)
    const listener = this.#portFor(address, options.configKey)
    const borrowed = new Borrow(address.host, routes, options)
    try {
      await listener.add(borrowed)
    } catch (error) {
      // Released addresses wait for `settle`; one that never opened does not.
      if (listener.unused && !listener.open) this.#forget(listener)
      throw error
    }
    if (address.path === undefined) this.#listeners.set(String(listener.port), listener)
    return {
      address: { host: address.path ?? (address.host || '::'), port: listener.port },
      release: once(() => this.#release(listener, borrowed)),
    }
  }

  #refuseOtherProtocol(port: number, endpoint: string, configKey: string): void {
    const other = this.#options.taken(port)
    if (other === undefined) return
    const message = `${endpoint} can't serve ${this.#options.protocol}: ${other} serves something else there; set ${configKey} to another address`
    throw new StartError(message, configKey)
  }

  async #release(listener: PortListener<H>, borrowed: Borrow<H>): Promise<void> {
    await this.#options.inTurn(() => listener.remove(borrowed))
    await within(this.#options.clock, this.#options.drainMs, borrowed.idle())
  }

  #portFor({ host, port, path }: SocketAddress, configKey: string): PortListener<H> {
    const chosen = path ?? (port === 0 ? `${host}|${configKey}` : String(port))
    const known = this.#listeners.get(chosen)
    if (known) return known
    const listener = new PortListener({ port, path }, this.#options.serve, this.#options.log)
    this.#listeners.set(chosen, listener)
    return listener
  }

  #forget(listener: PortListener<H>): void {
    for (const [key, other] of this.#listeners) if (other === listener) this.#listeners.delete(key)
  }
}

async function resolve(endpoint: string, configKey: string): Promise<SocketAddress> {
  if (endpoint.startsWith(UNIX)) return { host: '', port: 0, path: endpoint.slice(UNIX.length) }
  try {
    return await listenAddress(endpoint)
  } catch (error) {
    throw startError(error, endpoint, configKey)
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}

function abortAfter(clock: Clock, delayMs: number): { signal: AbortSignal; cancel: () => void } {
  const aborter = new AbortController()
  return { signal: aborter.signal, cancel: clock.after(delayMs, () => aborter.abort()) }
}

/** Resolves when `work` does, or after `delayMs`. */
async function within(clock: Clock, delayMs: number, work: Promise<void>): Promise<void> {
  let cancel = () => {}
  const late = new Promise<void>(resolve => {
    cancel = clock.after(delayMs, resolve)
  })
  await Promise.race([work, late])
  cancel()
}
