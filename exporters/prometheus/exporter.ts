import type { z } from 'zod'
import { defineExporter } from '../../src/component/define.ts'
import type { Borrowed, Exporter, HttpHandler, Settings } from '../../src/component/types.ts'
import { formatAddress } from '../../src/net/address.ts'
import { byMethod, HttpError } from '../../src/net/answers.ts'
import { serverTls } from '../../src/net/tls.ts'
import { OFFERS } from '../../src/prometheus/negotiate.ts'
import type { TranslationStrategy } from '../../src/prometheus/translate.ts'
import { config } from './config.ts'
import { Exposer } from './exposer.ts'
import { Naming } from './naming.ts'
import { Pages } from './pages.ts'
import { NameFilter } from './patterns.ts'
import { Responses } from './responses.ts'
import { scrapeHandler } from './scrape.ts'

type Config = z.output<typeof config>

/** Scrapes answered at a time, as many as node_exporter's. */
const MAX_RESPONSES = 40
/** Series that are over are looked for so often while nobody scrapes. */
const SWEEP_MS = 60_000

/** Shows the last value of every series to whoever scrapes it; a scrape has the receivers upstream collect first. */
export const prometheus = defineExporter({
  type: 'prometheus',
  signals: ['metrics'],
  stability: 'beta',
  delivery: 'hold',
  ordering: 'none',
  pull: true,
  config,
  listens: ({ endpoint, path }) => [{ key: 'endpoint', endpoint, paths: [path] }],
  create,
})

function create(options: Config, settings: Settings): Exporter {
  const { clock, log, listeners } = settings
  const exposer = createExposer(options, settings)
  const pages = new Pages(exposer, clock, {
    sendTimestamps: options.send_timestamps,
    createdLines: options.created_lines,
  })
  const responses = new Responses({ clock, limit: MAX_RESPONSES, stallLimitMs: options.write_timeout })
  const serve = scrapeHandler({
    exposer,
    pages,
    responses,
    clock,
    log,
    collections: settings.collections,
    maxAgeMs: options.max_age,
    offers: offersOf(options),
  })
  const configKey = `exporters.${settings.id}`
  let borrowed: Borrowed | undefined
  let cancelSweep = () => {}
  let isOver = false

  const sweep = (): void => {
    exposer.sweep()
    cancelSweep = clock.after(SWEEP_MS, sweep)
  }

  return {
    metrics: batch => exposer.consume(batch),
    async start() {
      const tls = options.tls && (await serverTls(options.tls, `${configKey}.tls`))
      const routes = { ...(options.path !== '/' && { '/': landingPage(options.path) }), [options.path]: serve }
      const lent = await listeners.http(options.endpoint, routes, { configKey: `${configKey}.endpoint`, tls })
      if (isOver) return lent.release()
      borrowed = lent
      cancelSweep = clock.after(SWEEP_MS, sweep)
    },
    async shutdown(deadline) {
      isOver = true
      cancelSweep()
      deadline.addEventListener('abort', () => responses.destroy(), { once: true })
      await borrowed?.release()
      exposer.close()
    },
    describe() {
      const address = borrowed ? formatAddress(borrowed.address) : options.endpoint
      return `metrics for Prometheus: ${options.tls ? 'https' : 'http'}://${address}${options.path}`
    },
  }
}

function createExposer(options: Config, settings: Settings): Exposer {
  const naming = new Naming({
    strategy: strategyOf(options),
    namespace: options.namespace,
    constLabels: options.const_labels,
    resourceLabels: resourceLabels(options),
    scopeLabels: !options.drop_in && !options.without_scope_info,
    identity: !options.drop_in,
  })
  return new Exposer({
    table: settings.series,
    naming,
    filter: new NameFilter(options.metrics.include, options.metrics.exclude),
    drops: settings.drops,
    log: settings.log,
    clock: settings.clock,
    expirationMs: options.metric_expiration,
  })
}

function strategyOf({ translation_strategy, add_metric_suffixes }: Config): TranslationStrategy {
  if (translation_strategy) return translation_strategy
  return add_metric_suffixes ? 'UnderscoreEscapingWithSuffixes' : 'UnderscoreEscapingWithoutSuffixes'
}

function resourceLabels({
  resource_constant_labels,
  resource_to_telemetry_conversion,
}: Config): NameFilter | undefined {
  if (resource_constant_labels) {
    const { included, excluded } = resource_constant_labels
    return included.length + excluded.length > 0 ? new NameFilter(included, excluded) : undefined
  }
  const { enabled, exclude_service_attributes } = resource_to_telemetry_conversion
  const service = ['service.name', 'service.namespace', 'service.instance.id']
  return enabled ? new NameFilter([], exclude_service_attributes ? service : []) : undefined
}

function offersOf({ drop_in, enable_open_metrics }: Config) {
  if (drop_in) return OFFERS.dropIn
  return enable_open_metrics ? OFFERS.openMetrics : OFFERS.plain
}

function landingPage(path: string): HttpHandler {
  const href = encodeURI(path).replaceAll('&', '&amp;')
  const page = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Millrace</title></head>
<body><h1>Millrace</h1><p><a href="${href}">Metrics</a></p></body></html>
`
  return byMethod({
    GET(_request, response, url) {
      if (url.pathname !== '/') throw new HttpError(404)
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': page.length })
      response.end(page)
    },
  })
}
