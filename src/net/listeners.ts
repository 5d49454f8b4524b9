import type { Clock } from '../component/clock.ts'
import { StartError } from '../component/errors.ts'
import type { Borrowed, Listeners, ListenOptions, Logger, Routes } from '../component/types.ts'
import type { Endpoint } from '../config/units.ts'
import { listenAddress } from './address.ts'
import { HTTP_LIMITS, type HttpLimits } from './http_server.ts'
import { PortListener, startError } from './port_listener.ts'
import { Borrow } from './routes.ts'

export interface ListenersOptions {
  log: Logger
  clock: Clock
  limits?: Partial<HttpLimits>
  /** Milliseconds that requests may still run after their routes were released or their socket closed. */
  drainMs?: number
}

export interface SharedListeners extends Listeners {
  /** Closes the sockets that nothing borrows any more; until then a released address stays open for its next borrower. */
  settle(): Promise<void>
  /** Closes everything: no new connections, idle ones end, running requests may end before `deadline`. */
  close(deadline: AbortSignal): Promise<void>
}

/** The HTTP/1.1 sockets of the agent, by address. */
export function createListeners({ log, clock, limits, drainMs = 4000 }: ListenersOptions): SharedListeners {
  const ports = new Map<string, PortListener>()
  const allLimits = { ...HTTP_LIMITS, ...limits }
  const inTurn = turnTaker()
  let closed = false

  function portFor({ host, port }: Endpoint, configKey: string): PortListener {
    const chosen = `${host}|${configKey}`
    const known = ports.get(port === 0 ? chosen : String(port))
    if (known) return known
    const listener = new PortListener(port, allLimits, log)
    ports.set(port === 0 ? chosen : String(port), listener)
    return listener
  }

  function forget(listener: PortListener): void {
    for (const [key, other] of ports) if (other === listener) ports.delete(key)
  }

  async function borrow(endpoint: string, routes: Routes, options: ListenOptions): Promise<Borrowed> {
    const address = await resolve(endpoint, options.configKey)
    if (closed) throw new StartError('the agent is stopping', options.configKey)
    const listener = portFor(address, options.configKey)
    const borrowed = new Borrow(address.host, routes, options)
    try {
      await listener.add(borrowed)
    } catch (error) {
      // Released addresses wait for `settle`; one that never opened does not.
      if (listener.unused && !listener.open) forget(listener)
      throw error
    }
    ports.set(String(listener.port), listener)
    return {
      address: { host: address.host || '::', port: listener.port },
      release: once(() => release(listener, borrowed)),
    }
  }

  async function release(listener: PortListener, borrowed: Borrow): Promise<void> {
    await inTurn(() => listener.remove(borrowed))
    await within(clock, drainMs, borrowed.idle())
  }

  return {
    http: (endpoint, routes, options) => inTurn(() => borrow(endpoint, routes, options)),
    settle: () =>
      inTurn(async () => {
        const { signal, cancel } = abortAfter(clock, drainMs)
        const all = new Set(ports.values())
        for (const listener of all) if (listener.unused) forget(listener)
        await Promise.all([...all].map(listener => listener.settle(signal)))
        cancel()
      }),
    close: deadline =>
      inTurn(async () => {
        closed = true
        const all = new Set(ports.values())
        ports.clear()
        await Promise.all([...all].map(listener => listener.close(deadline)))
      }),
  }
}

async function resolve(endpoint: string, configKey: string): Promise<Endpoint> {
  try {
    return await listenAddress(endpoint)
  } catch (error) {
    throw startError(error, endpoint, configKey)
  }
}

/** Runs what it is given one after another: two changes of the same sockets must not meet. */
function turnTaker(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
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
