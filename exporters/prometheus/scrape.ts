import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../src/component/clock.ts'
import type { CollectFilter, Collections, CollectOutcome, HttpHandler, Logger } from '../../src/component/types.ts'
import { byMethod, HttpError } from '../../src/net/answers.ts'
import { acceptsGzip, negotiate, type OFFERS } from '../../src/prometheus/negotiate.ts'
import type { Exposer } from './exposer.ts'
import type { Page, Pages } from './pages.ts'
import type { Responses } from './responses.ts'

/** What Prometheus waits when nobody told it otherwise. */
const DEFAULT_TIMEOUT_MS = 10_000
/** Left of the scraper's timeout for rendering and sending. */
const MARGIN_MS = 500

export interface ScrapeOptions {
  readonly exposer: Exposer
  readonly pages: Pages
  readonly responses: Responses
  readonly collections: Collections
  readonly clock: Clock
  readonly log: Logger
  readonly maxAgeMs: number
  readonly offers: (typeof OFFERS)[keyof typeof OFFERS]
}

/** Answers scrapes: has everything upstream collected, takes out what is over, and sends the page in the format asked for. */
export function scrapeHandler(options: ScrapeOptions): HttpHandler {
  const { exposer, pages, responses, collections, offers } = options
  const failures = new FailureLog(options.log)

  async function collect(request: IncomingMessage, filter: CollectFilter | undefined): Promise<CollectOutcome[]> {
    const { clock, maxAgeMs } = options
    const late = new AbortController()
    const cancel = clock.after(timeoutMs(request), () => late.abort(new Error('the scraper waits no longer')))
    try {
      return await collections.collect({ filter, maxAgeMs, signal: late.signal })
    } finally {
      cancel()
    }
  }

  async function pageFor(request: IncomingMessage, filter: CollectFilter | undefined): Promise<[Page, string]> {
    const outcomes = await collect(request, filter)
    failures.note(outcomes)
    const negotiated = negotiate(request.headers.accept, offers)
    if (filter) return [await pages.part(negotiated, partOf(exposer, outcomes)), negotiated.contentType]
    exposer.prepare(sequencesOf(outcomes))
    return [await pages.whole(negotiated), negotiated.contentType]
  }

  return byMethod({
    async GET(request, response, url) {
      const filter = collectFilter(url.searchParams, collections.names())
      if (!responses.makeRoom()) throw new HttpError(503, 'Limit of concurrent requests reached, try again later.')
      const [page, contentType] = await pageFor(request, filter)
      if (response.destroyed) return
      const gzip = acceptsGzip(header(request, 'accept-encoding'))
      const body = gzip ? await page.gzipped() : page.body
      writeHead(response, body, contentType, gzip)
      if (request.method === 'HEAD') response.end()
      else if (await responses.send(response, body)) page.delivered()
    },
  })
}

function writeHead(response: ServerResponse, body: Buffer, contentType: string, gzip: boolean): void {
  response.writeHead(200, {
    'Content-Type': contentType,
    'Content-Length': body.length,
    Vary: 'Accept, Accept-Encoding',
    ...(gzip && { 'Content-Encoding': 'gzip' }),
  })
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

/** How long the scraper waits, less what it takes to answer it. */
function timeoutMs(request: IncomingMessage): number {
  const seconds = Number(header(request, 'x-prometheus-scrape-timeout-seconds'))
  const scraperMs = seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT_MS
  return scraperMs - Math.min(MARGIN_MS, scraperMs / 10)
}

/** `collect[]` or `exclude[]`, as node_exporter takes them and refuses them. */
export function collectFilter(query: URLSearchParams, names: ReadonlySet<string>): CollectFilter | undefined {
  const include = query.getAll('collect[]')
  const exclude = query.getAll('exclude[]')
  if (include.length > 0 && exclude.length > 0)
    throw new HttpError(400, 'Combined collect and exclude queries are not allowed.')
  const unknown = [...include, ...exclude].find(name => !names.has(name))
  if (unknown !== undefined)
    throw new HttpError(
      400,
      `Couldn't create filtered metrics handler: couldn't create collector: missing collector: ${unknown}`,
    )
  if (include.length > 0) return { include }
  return exclude.length > 0 ? { exclude } : undefined
}

function sequencesOf(outcomes: readonly CollectOutcome[]): ReadonlyMap<string, number> {
  return new Map(
    outcomes.flatMap(({ source, sequence }) => (sequence === undefined ? [] : [[source, sequence] as const])),
  )
}

/** The entries that these partial collections brought. */
function partOf(exposer: Exposer, outcomes: readonly CollectOutcome[]): ReadonlySet<number> {
  const entries = new Set<number>()
  for (const [source, sequence] of sequencesOf(outcomes))
    for (const entry of exposer.store.takePartial(source, sequence)) entries.add(entry)
  return entries
}

/** Tells of a source that can't be collected once, and once when it can again. */
class FailureLog {
  readonly #log: Logger
  readonly #failing = new Map<string, string>()

  constructor(log: Logger) {
    this.#log = log
  }

  note(outcomes: readonly CollectOutcome[]): void {
    for (const { source, error } of outcomes) {
      if (error === this.#failing.get(source)) continue
      if (error === undefined) {
        this.#failing.delete(source)
        this.#log.info(`${source} is collected again`)
      } else {
        this.#failing.set(source, error)
        this.#log.warn(`${source} was not collected for a scrape: ${error}`)
      }
    }
  }
}
