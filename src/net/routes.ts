import type { TlsOptions } from 'node:tls'
import type { HttpHandler, Routes } from '../component/types.ts'
import { covers } from './address.ts'

/** Routes that one component serves at one address, and how many of their handlers run now. */
export class Borrow {
  readonly host: string
  readonly routes: Routes
  readonly configKey: string
  readonly tls?: TlsOptions
  #running = 0
  #whenIdle: (() => void)[] = []

  constructor(host: string, routes: Routes, { configKey, tls }: { configKey: string; tls?: TlsOptions }) {
    this.host = host
    this.routes = routes
    this.configKey = configKey
    this.tls = tls
  }

  /** Runs a handler of this borrow. */
  async run(work: () => void | Promise<void>): Promise<void> {
    this.#running++
    try {
      await work()
    } finally {
      if (--this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
    }
  }

  /** Resolves when none of its handlers runs. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise(resolve => this.#whenIdle.push(resolve))
  }
}

export interface Match {
  readonly handler: HttpHandler
  readonly borrow: Borrow
}

/** Who serves which path of one port. Of several borrows of a path the newest serves. */
export class RouteTable {
  readonly #stacks = new Map<string, Borrow[]>()

  add(borrow: Borrow): void {
    for (const path of Object.keys(borrow.routes)) {
      const stack = this.#stacks.get(path)
      if (stack) stack.push(borrow)
      else this.#stacks.set(path, [borrow])
    }
  }

  remove(borrow: Borrow): void {
    for (const path of Object.keys(borrow.routes)) {
      const rest = (this.#stacks.get(path) ?? []).filter(other => other !== borrow)
      if (rest.length > 0) this.#stacks.set(path, rest)
      else this.#stacks.delete(path)
    }
  }

  /** The path itself, else the longest one above it that ends in `/`. `host`: the address that the client connected to. */
  match(path: string, host: string): Match | undefined {
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
  #serving(path: string, host: string): Match | undefined {
    const borrow = this.#stacks.get(path)?.findLast(candidate => covers(candidate.host, host))
    return borrow && { borrow, handler: borrow.routes[path] }
  }
}
