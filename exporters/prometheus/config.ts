import { z } from 'zod'
import { duration, endpoint, stringMap, tlsServer } from '../../src/config/fields.ts'
import { TRANSLATION_STRATEGIES } from '../../src/prometheus/translate.ts'
import { patternError } from './patterns.ts'

function patterns(what: string) {
  return z
    .array(
      z.string().superRefine((pattern, context) => {
        const error = patternError(pattern)
        if (error) context.addIssue({ code: 'custom', message: `not a pattern: ${error}`, input: pattern })
      }),
    )
    .default([])
    .describe(what)
}

export const config = z.strictObject({
  endpoint: endpoint().default('127.0.0.1:9464').describe('Address to serve the metrics on.'),
  path: z.string().startsWith('/').default('/metrics').describe('Path to serve them at.'),
  tls: tlsServer().optional().describe('Serve HTTPS.'),
  namespace: z.string().default('').describe('Put before every name, with an underscore between them.'),
  const_labels: stringMap().default({}).describe('Labels of every series.'),
  metrics: z
    .strictObject({
      include: patterns('Names to show, as they are shown: `*` and `?`, or a regular expression between slashes.'),
      exclude: patterns('Names not to show, even if included.'),
    })
    .prefault({})
    .describe('Which metrics this exporter shows, so that several can share a pipeline.'),
  send_timestamps: z.boolean().default(false).describe("Send each point's own time."),
  metric_expiration: duration()
    .default(300_000)
    .describe(
      'How long a pushed series stays without a new point. Collected ones go with the collection that lacks them.',
    ),
  max_age: duration().default(1000).describe('A scrape is answered from a collection that is not older than this.'),
  enable_open_metrics: z
    .boolean()
    .default(false)
    .describe('Offer OpenMetrics, which has exemplars and units, to scrapers that ask for it.'),
  created_lines: z
    .boolean()
    .default(false)
    .describe('OpenMetrics: write `_created` lines where a start time is known.'),
  translation_strategy: z
    .enum(TRANSLATION_STRATEGIES)
    .optional()
    .describe(
      'How OpenTelemetry names become Prometheus names; UnderscoreEscapingWithSuffixes when not set. Names from scrapes and from our own receivers stay as they are.',
    ),
  add_metric_suffixes: z
    .boolean()
    .default(true)
    .describe('Older key for translation_strategy: false is UnderscoreEscapingWithoutSuffixes.'),
  without_scope_info: z.boolean().default(false).describe('Leave out the `otel_scope_…` labels.'),
  resource_constant_labels: z
    .strictObject({
      included: patterns('Attributes to add, `*` and `?` stand for any text.'),
      excluded: patterns('Attributes not to add. With nothing included, all others are.'),
    })
    .optional()
    .describe('Resource attributes to add to every series as labels.'),
  resource_to_telemetry_conversion: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Add all resource attributes as labels.'),
      exclude_service_attributes: z
        .boolean()
        .default(false)
        .describe('All but those that job and instance are made of.'),
    })
    .prefault({})
    .describe('Older key for resource_constant_labels, which wins.'),
  drop_in: z
    .boolean()
    .default(false)
    .describe(
      'Stand in for another exporter: text 0.0.4 and protobuf only; no target_info, no job, instance and scope labels.',
    ),
  write_timeout: duration().default(30_000).describe('A scraper that reads nothing for so long is cut off.'),
})
