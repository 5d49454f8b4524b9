import type { Clock } from '../component/clock.ts'
import type { GrpcMethod, HttpHandler, Listeners, Logger } from '../component/types.ts'
import { dispatch } from './dispatch.ts'
import { GrpcServer } from './grpc/server.ts'
import { HTTP_LIMITS, type HttpLimits, HttpServer } from './http_server.ts'
import { Ports } from './ports.ts'

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

/** The sockets of the agent, by address: HTTP/1.1, and gRPC over HTTP/2. */
export function createListeners({ log, clock, limits, drainMs = 4000 }: ListenersOptions): SharedListeners {
  const allLimits = { ...HTTP_LIMITS, ...limits }
  const inTurn = turnTaker()
  const shared = { inTurn, clock, log, drainMs }
  const http: Ports<HttpHandler> = new Ports({
    ...shared,
    protocol: 'HTTP',
    serve: (table, tls) => new HttpServer(tls, allLimits, (...asked) => dispatch(table, ...asked, log), log),
    taken: port => grpc.holder(port),
  })
  const grpc: Ports<GrpcMethod> = new Ports({
    ...shared,
    protocol: 'gRPC',
    serve: (table, tls) => new GrpcServer({ table, tls, limits: allLimits, clock, log }),
    taken: port => http.holder(port),
  })
  const both = (work: (ports: Ports<HttpHandler> | Ports<GrpcMethod>) => Promise<void>) =>
    inTurn(async () => void (await Promise.all([work(http), work(grpc)])))
  return {
    http: (endpoint, routes, options) => http.borrow(endpoint, routes, options),
    grpc: (endpoint, methods, options) => grpc.borrow(endpoint, methods, options),
    settle: () => both(ports => ports.settle()),
    close: deadline => both(ports => ports.close(deadline)),
  }
}

/** Runs what it is given one after another. */
function turnTaker(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
