import { z } from 'zod'
import { duration, endpoint } from './fields.ts'
import type { TelemetryConfig } from './model.ts'

const ids = () => z.array(z.string().min(1))

/** One of `service.pipelines`. */
export const pipelineSchema = z.strictObject({
  receivers: ids().default([]).describe('Ids of the receivers, or of connectors, that feed it.'),
  processors: ids().default([]).describe('Ids of the processors that its data passes, in this order.'),
  exporters: ids().default([]).describe('Ids of the exporters, or of connectors, that all get its data.'),
})

const LOG_LEVELS = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  dpanic: 'error',
  panic: 'error',
  fatal: 'error',
} as const

const anyCase = <const T extends readonly string[]>(words: T) =>
  z.preprocess(value => (typeof value === 'string' ? value.toLowerCase() : value), z.enum(words))

/** `service.telemetry` of the Collector. What is only accepted and has no effect here is in `ignoredTelemetry`. */
const telemetry = z.strictObject({
  logs: z
    .strictObject({
      level: anyCase(['debug', 'info', 'warn', 'error', 'dpanic', 'panic', 'fatal'])
        .default('info')
        .describe('The least important lines that are still written.'),
      encoding: z.enum(['json', 'console']).default('console').describe('How log lines look.'),
      development: z.boolean().optional().describe('Has no effect.'),
      disable_caller: z.boolean().optional().describe('Has no effect.'),
      disable_stacktrace: z.boolean().optional().describe('Has no effect.'),
      disable_zap_resource: z.boolean().optional().describe('Has no effect.'),
      output_paths: z.array(z.string()).optional().describe('Has no effect: lines go to standard error.'),
      error_output_paths: z.array(z.string()).optional().describe('Has no effect: lines go to standard error.'),
      initial_fields: z.record(z.string(), z.unknown()).optional().describe('Has no effect.'),
      sampling: z.unknown().optional().describe('Has no effect.'),
      processors: z.array(z.unknown()).optional().describe('Has no effect.'),
    })
    .prefault({})
    .describe("The agent's own log."),
  metrics: z
    .strictObject({
      level: anyCase(['none', 'basic', 'normal', 'detailed'])
        .default('normal')
        .describe("How much the agent's own metrics tell; `none` turns them off."),
      address: z.string().optional().describe('Has no effect: own metrics are at /metrics of the admin endpoint.'),
      readers: z
        .array(z.unknown())
        .optional()
        .describe('Has no effect: own metrics are at /metrics of the admin endpoint.'),
      views: z.array(z.unknown()).optional().describe('Has no effect.'),
    })
    .prefault({})
    .describe("The agent's own metrics."),
  traces: z.looseObject({}).optional().describe('Has no effect.'),
  resource: z
    .record(z.string(), z.unknown())
    .prefault({})
    .describe("Attributes of the agent's own telemetry; null removes one."),
})

/** The section `service`. */
export const serviceSchema = z.strictObject({
  extensions: ids().default([]).describe('Ids of the extensions to start, in this order.'),
  pipelines: z
    .record(z.string(), pipelineSchema)
    .default({})
    .describe(
      'What is wired to what: `traces`, `metrics` or `logs`, with `/name` for further ones of the same signal.',
    ),
  telemetry: telemetry.prefault({}).describe('What the agent tells of itself; keys as in the Collector.'),
  shutdown_timeout: duration()
    .default(4000)
    .describe('How long a drain may take before the process ends anyway (exit code 3).'),
  workers: z
    .number()
    .int()
    .min(1)
    .default(1)
    .superRefine((workers, context) => {
      if (workers > 1)
        context.addIssue({ code: 'custom', message: 'more than one worker is not possible yet: leave it at 1' })
    })
    .describe('Threads that share the work. Only 1 is possible.'),
  admin: z
    .strictObject({
      endpoint: endpoint()
        .default('127.0.0.1:13133')
        .describe("Where health, readiness, the agent's own metrics and reload are served."),
    })
    .prefault({})
    .describe('The server for those who run the agent.'),
})
export type ServiceInput = z.output<typeof serviceSchema>
export type PipelineInput = z.output<typeof pipelineSchema>
type TelemetryInput = ServiceInput['telemetry']

export function telemetryConfig({ logs, metrics, resource }: TelemetryInput): TelemetryConfig {
  return {
    logs: { level: LOG_LEVELS[logs.level], encoding: logs.encoding },
    metrics: { level: metrics.level },
    resource: resourceAttributes(resource),
  }
}

/** The plain form, and the list under `attributes` that the Collector's declarative form has. */
function resourceAttributes(resource: Record<string, unknown>): Record<string, string> {
  const { attributes } = resource
  const pairs = Array.isArray(attributes)
    ? attributes.filter(isNamed).map(({ name, value }) => [name, value])
    : Object.entries(resource)
  return Object.fromEntries(pairs.filter(([, value]) => isScalar(value)).map(([name, value]) => [name, String(value)]))
}

const isNamed = (value: unknown): value is { name: string; value: unknown } =>
  typeof value === 'object' && value !== null && 'name' in value && 'value' in value
const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)

const IGNORED_LOG_KEYS = [
  'development',
  'disable_caller',
  'disable_stacktrace',
  'disable_zap_resource',
  'output_paths',
  'error_output_paths',
  'initial_fields',
  'sampling',
  'processors',
] as const

/** Paths under `service.telemetry` that are set and have no effect, with why. */
export function ignoredTelemetry({ logs, metrics, traces }: TelemetryInput): { path: string[]; message: string }[] {
  const ignored: { path: string[]; message: string }[] = []
  for (const key of IGNORED_LOG_KEYS) {
    if (logs[key] !== undefined) ignored.push({ path: ['logs', key], message: 'has no effect' })
  }
  for (const key of ['address', 'readers'] as const) {
    const message = 'has no effect: own metrics are at /metrics of service.admin.endpoint'
    if (metrics[key] !== undefined) ignored.push({ path: ['metrics', key], message })
  }
  if (metrics.views !== undefined) ignored.push({ path: ['metrics', 'views'], message: 'has no effect' })
  if (traces !== undefined) ignored.push({ path: ['traces'], message: 'has no effect' })
  return ignored
}
