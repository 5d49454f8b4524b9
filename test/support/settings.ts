import type { Admission } from '../../src/component/admission.ts'
import { systemClock } from '../../src/component/clock.ts'
import type {
  Borrowed,
  DropCounter,
  GrpcMethod,
  GrpcMethods,
  HttpHandler,
  Listeners,
  Logger,
  Next,
  Routes,
  Settings,
  Signal,
} from '../../src/component/types.ts'
import { ByteBudget } from '../../src/exporting/budget.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'

/** A logger that keeps its lines. */
export class RecordedLog implements Logger {
  readonly lines: string[] = []
  #add(level: string, message: string): void {
    this.lines.push(`${level}: ${message}`)
  }
  debug(message: string): void {
    this.#add('debug', message)
  }
  info(message: string): void {
    this.#add('info', message)
  }
  warn(message: string): void {
    this.#add('warn', message)
  }
  error(message: string): void {
    this.#add('error', message)
  }
}

/** Drops by `signal/reason`. */
export class RecordedDrops implements DropCounter {
  readonly counts: Record<string, number> = {}
  dropped(signal: Signal, reason: string, items: number): void {
    this.counts[`${signal}/${reason}`] = (this.counts[`${signal}/${reason}`] ?? 0) + items
  }
  /** Requests by `signal/reason`. */
  readonly refusals: Record<string, number> = {}
  created(): void {}
  holding(): void {}
  refused(signal: Signal, reason: string, requests: number): void {
    this.refusals[`${signal}/${reason}`] = (this.refusals[`${signal}/${reason}`] ?? 0) + requests
  }
}

/** Listeners that open nothing: the routes are there to be called. */
export class FakeListeners implements Listeners {
  readonly routes = new Map<string, HttpHandler | GrpcMethod>()
  async http(endpoint: string, routes: Routes): Promise<Borrowed> {
    return this.#serve(endpoint, routes)
  }
  async grpc(endpoint: string, methods: GrpcMethods): Promise<Borrowed> {
    return this.#serve(endpoint, methods)
  }
  #serve(endpoint: string, routes: Routes | GrpcMethods): Borrowed {
    const [host, port] = endpoint.split(':')
    for (const [path, handler] of Object.entries(routes)) this.routes.set(path, handler)
    return {
      address: { host, port: Number(port) },
      release: async () => {
        for (const path of Object.keys(routes)) this.routes.delete(path)
      },
    }
  }
}

export const openAdmission: Admission = {
  reserve: () => ({ refused: false, claim: () => 0, release() {} }),
}

/** Settings for one component under test; give what the test looks at. */
export function fakeSettings(over: Partial<Settings> = {}): Settings {
  const clock = over.clock ?? systemClock
  return {
    id: 'test',
    kind: 'receiver',
    log: new RecordedLog(),
    clock,
    series: new SeriesTable({ nowMs: () => clock.monotonicMs() }),
    drops: new RecordedDrops(),
    listeners: new FakeListeners(),
    extension: id => {
      throw new TypeError(`this test has no extension ${id}`)
    },
    admission: openAdmission,
    budget: new ByteBudget(2 ** 30),
    collections: { collect: async () => [], names: () => new Set(), intervalMs: () => 0 },
    report() {},
    health: { status: () => 'healthy', ready: () => true, upSinceMs: clock.nowMs() },
    agent: { name: 'millrace', version: '0.0.0' },
    ...over,
  }
}

/** A `next` that does the same with every signal. */
export function nextOf(consume: (batch: never) => Promise<void>): Next {
  return { traces: { consume }, metrics: { consume }, logs: { consume } }
}
