import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../component/clock.ts'
import type { GrpcMethod, HttpHandler, Listeners, Logger } from '../component/types.ts'
import { dispatch } from './dispatch.ts'
import { GrpcServer } from './grpc/server.ts'
import { HTTP_LIMITS, type HttpLimits, HttpServer } from './http_server.ts'
import { Ports } from './ports.ts'
import type { YoungMemory } from './young_memory.ts'

export interface ListenersOptions {
  log: Logger
  clock: Clock
  limits?: Partial<HttpLimits>
  /** Milliseconds that requests may still run after their routes were released or their socket closed. */
  drainMs?: number
  /** Told of the bytes that requests bring. */
  memory?: YoungMemory
}

export interface SharedListeners extends Listeners {
  /** Closes the sockets that nothing borrows any more; until then a released address stays open for its next borrower. */
  settle(): Promise<void>
  /** Closes everything: no new connections, idle ones end, running requests may end before `deadline`. */
  close(deadline: AbortSignal): Promise<void>
}

/** The sockets of the agent, by address: HTTP/1.1, and gRPC over HTTP/2. */
export function createListeners({ log, clock, limits, drainMs = 4000, memory }: ListenersOptions): SharedListeners {
  const allLimits = { ...HTTP_LIMITS, ...limits }
  const inTurn = turnTaker()
  const shared = { inTurn, clock, log, drainMs }
  const http: Ports<HttpHandler> = new Ports({
    ...shared,
    protocol: 'HTTP',
    serve: (table, tls) => {
      const answer = (request: IncomingMessage, response: ServerResponse) => {
        memory?.allocated(2 * Number(request.headers['content-length'] ?? 0))
        return dispatch(table, request, response, log)
      }
      return new HttpServer(tls, allLimits, answer, log)
    },
    taken: port => grpc.holder(port),
  })
  const grpc: Ports<GrpcMethod> = new Ports({
    ...shared,
    protocol: 'gRPC',
    serve: (table, tls) => new GrpcServer({ table, tls, limits: allLimits, clock, log, memory }),
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
