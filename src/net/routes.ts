import type { TlsOptions } from 'node:tls'
import type { GrpcConnectionOptions, HttpHandler, ListenOptions } from '../component/types.ts'
import { covers } from './address.ts'

export type BorrowOptions = ListenOptions & { connections?: GrpcConnectionOptions }

/** Routes that one component serves at one address, and how many of their handlers run now. `H`: what handles a route. */
export class Borrow<H = HttpHandler> {
  readonly host: string
  readonly routes: Readonly<Record<string, H>>
  readonly configKey: string
  readonly tls?: TlsOptions
  /** Of gRPC: how its connections are kept. */
  readonly connections?: GrpcConnectionOptions
  #running = 0
  #whenIdle: (() => void)[] = []

  constructor(host: string, routes: Readonly<Record<string, H>>, { configKey, tls, connections }: BorrowOptions) {
    this.host = host
    this.routes = routes
    this.configKey = configKey
    this.tls = tls
    this.connections = connections
  }

  /** Runs a handler of this borrow. */
  async run(work: () => void | Promise<void>): Promise<void> {
    this.enter()
    try {
      await work()
    } finally {
      this.leave()
    }
  }

  /** A handler begins. */
  enter(): void {
    this.#running++
  }

  /** It has ended. */
  leave(): void {
    if (--this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  /** Resolves when none of its handlers runs. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise(resolve => this.#whenIdle.push(resolve))
  }
}

export interface Match<H = HttpHandler> {
  readonly handler: H
  readonly borrow: Borrow<H>
}

/** Who serves which path of one port. Of several borrows of a path the newest serves. */
export class RouteTable<H = HttpHandler> {
  readonly #stacks = new Map<string, Borrow<H>[]>()
  #borrows: Borrow<H>[] = []

  /** How the newest borrower of gRPC methods wants connections kept. */
  get connections(): GrpcConnectionOptions | undefined {
    return this.#borrows.findLast(borrow => borrow.connections)?.connections
  }

  add(borrow: Borrow<H>): void {
    this.#borrows.push(borrow)
    for (const path of Object.keys(borrow.routes)) {
      const stack = this.#stacks.get(path)
      if (stack) stack.push(borrow)
      else this.#stacks.set(path, [borrow])
    }
  }

  remove(borrow: Borrow<H>): void {
    this.#borrows = this.#borrows.filter(other => other !== borrow)
    for (const path of Object.keys(borrow.routes)) {
      const rest = (this.#stacks.get(path) ?? []).filter(other => other !== borrow)
      if (rest.length > 0) this.#stacks.set(path, rest)
      else this.#stacks.delete(path)
    }
  }

  /** The path itself, else the longest one above it that ends in `/`. `host`: the address that the client connected to. */
  match(path: string, host: string): Match<H> | undefined {
    const exact = this.#serving(path, host)
    if (exact) return exact
    for (let end = path.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : path.lastIndexOf('/', end - 1)) {
      const above = this.#serving(path.slice(0, end + 1), host)
      if (above) return above
    }
    return undefined
  }

  /** The paths that a client connected to `host` can ask for. */
  paths(host: string): string[] {
    return [...this.#stacks.keys()].filter(path => this.#serving(path, host)).sort()
  }

  /** A socket may be open wider than the borrow asked for; only connections to its own address reach it. */
  #serving(path: string, host: string): Match<H> | undefined {
    const borrow = this.#stacks.get(path)?.findLast(candidate => covers(candidate.host, host))
    return borrow && { borrow, handler: borrow.routes[path] }
  }
}
