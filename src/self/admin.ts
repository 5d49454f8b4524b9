import type { IncomingMessage } from 'node:http'
import type { Clock } from '../component/clock.ts'
import type { Borrowed, HttpHandler, Listeners, Logger } from '../component/types.ts'
import { isLoopback } from '../net/address.ts'
import { byMethod, HttpError, json, notFound, text } from '../net/answers.ts'
import type { Health } from './health.ts'
import type { OwnMetrics } from './metrics.ts'
import { answerServerStatus } from './server_status.ts'

export type ReloadOutcome = { ok: true; changed: string[] } | { ok: false; problems: string[] }

export interface AdminOptions {
  listeners: Listeners
  /** `host:port`. */
  endpoint: string
  /** Config key of the endpoint. */
  configKey: string
  health: Health
  /** Undefined: the agent's own metrics are switched off. */
  metrics?: OwnMetrics
  /** Reads the config again; a refused one changes nothing. */
  reload(): Promise<ReloadOutcome>
  log: Logger
  clock: Clock
}

export interface Admin {
  /** Rejects with StartError when the address can't be opened. */
  start(): Promise<Borrowed>
  stop(): Promise<void>
}

/** The agent's own pages, by default on 127.0.0.1:13133. */
export function createAdmin(options: AdminOptions): Admin {
  const { listeners, endpoint, configKey } = options
  let borrowed: Borrowed | undefined
  return {
    async start() {
      borrowed = await listeners.http(endpoint, routes(options), { configKey })
      return borrowed
    },
    async stop() {
      await borrowed?.release()
      borrowed = undefined
    },
  }
}

function routes({ health, metrics, reload, log, clock }: AdminOptions): Record<string, HttpHandler> {
  const code = () => (health.status() === 'unhealthy' ? 503 : 200)
  const pages: Record<string, HttpHandler> = {
    '/health': byMethod({ GET: (_, response) => json(response, code(), health.summary(), NO_STORE) }),
    '/ready': byMethod({ GET: (_, response) => text(response, health.ready() ? 200 : 503, health.phase(), NO_STORE) }),
    ...(metrics && { '/metrics': byMethod({ GET: servePage(metrics) }) }),
    '/health/detailed': local(byMethod({ GET: (_, response) => json(response, code(), health.detailed(), NO_STORE) })),
    '/-/reload': local(byMethod({ POST: serveReload(reload, log) })),
  }
  const served = ['/', ...Object.keys(pages)].sort()
  const root = byMethod({ GET: (_, response) => answerServerStatus(response, health, clock.nowMs()) })
  // `/` takes every path that no other route has.
  pages['/'] = (request, response, url) =>
    url.pathname === '/' ? root(request, response, url) : notFound(response, url.pathname, served)
  return pages
}

const NO_STORE = { 'Cache-Control': 'no-store' }

function servePage(metrics: OwnMetrics): HttpHandler {
  return async (_, response) => {
    const page = await metrics.page()
    response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
    response.end(page)
  }
}

function serveReload(reload: AdminOptions['reload'], log: Logger): HttpHandler {
  return async (request, response) => {
    log.info('reload asked for', { peer: request.socket.remoteAddress })
    const outcome = await reload()
    json(response, outcome.ok ? 200 : 400, outcome)
  }
}

/** Lets through only this machine, and no web page that a browser on it shows. */
function local(handler: HttpHandler): HttpHandler {
  return (request, response, url) => {
    const foreign = whyForeign(request)
    if (foreign) throw new HttpError(403, `${url.pathname} is for this machine alone: ${foreign}`)
    return handler(request, response, url)
  }
}

/**
 * A browser sends requests from any page to loopback addresses. It names the page in Origin, and in Host the name by
 * which it found the address: after DNS rebinding that is the attacker's.
 */
function whyForeign({ socket, headers }: IncomingMessage): string | undefined {
  if (!isLoopback(socket.remoteAddress)) return `the request comes from ${socket.remoteAddress}`
  const host = hostName(`http://${headers.host}`)
  if (!isLocalName(host)) return `its Host header is ${headers.host}`
  if (headers.origin !== undefined && URL.parse(headers.origin)?.host !== headers.host) {
    return `its Origin header is ${headers.origin}`
  }
  return undefined
}

function hostName(url: string): string {
  return URL.parse(url)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || isLoopback(host)
}
