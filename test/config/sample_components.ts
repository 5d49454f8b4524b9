import { z } from 'zod'
import {
  type Components,
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
} from '../../src/component/define.ts'
import { bytes, duration, endpoint, secret, stringMap } from '../../src/config/fields.ts'
import { type Loaded, loadConfig, type NamedText } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problems.ts'

const push = defineReceiver({
  type: 'push',
  aliases: ['oldpush'],
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  config: z.strictObject({
    endpoint: endpoint().default('127.0.0.1:4318').describe('Where to listen.'),
    path: z.string().optional().describe('Path below it; without one the whole address is its own.'),
    protocols: z
      .strictObject({
        grpc: z.strictObject({ endpoint: endpoint().default('127.0.0.1:4317') }).optional(),
        http: z.strictObject({ endpoint: endpoint().default('127.0.0.1:4318') }).optional(),
      })
      .optional(),
  }),
  listens: ({ endpoint, path }) => [{ key: 'endpoint', endpoint, ...(path && { paths: [path] }) }],
  create: () => ({}),
})
const host = defineReceiver({
  type: 'host',
  signals: ['metrics'],
  stability: 'stable',
  config: z.strictObject({ interval: duration().default(15_000).describe('Time between two looks.') }),
  create: () => ({}),
})
const batch = defineProcessor({
  type: 'batch',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  sharding: 'any',
  config: z.strictObject({ size: z.int().min(1).default(100), timeout: duration().default(200) }),
  create: () => ({}),
})
const tail = defineProcessor({
  type: 'tail',
  signals: ['traces'],
  stability: 'development',
  sharding: 'trace',
  config: z.strictObject({}),
  create: () => ({}),
})
const relabel = defineProcessor({
  type: 'relabel',
  signals: ['metrics'],
  stability: 'development',
  sharding: 'any',
  config: z.strictObject({ rules: z.array(z.looseObject({})).default([]) }),
  create: () => ({}),
})
const store = defineExporter({
  type: 'store',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  delivery: 'push',
  ordering: 'none',
  config: z.strictObject({
    endpoint: endpoint().describe('Where the store is.'),
    password: secret().optional().describe('What it asks for.'),
    headers: stringMap().default({}).describe('Sent with every request.'),
    limit: bytes()
      .default(10 * 2 ** 20)
      .describe('Most bytes of a request.'),
    shards: z.int().min(1).max(64).default(1).describe('Requests at a time.'),
    mode: z.enum(['normal', 'detailed', 'none']).default('normal').describe('How much to send.'),
    compress: z.boolean().default(true).describe('Send less.'),
    tags: z.array(z.string().min(1)).default([]).describe('Tags.'),
    target: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .describe('One or several.'),
    rules: z.array(z.looseObject({ metric_relabel_configs: z.array(z.looseObject({})).optional() })).default([]),
    anything: z.unknown().optional(),
  }),
  validate: ({ headers, limit }) =>
    'Host' in headers && limit > 0 ? [{ path: ['headers', 'Host'], message: 'this one is set by the client' }] : [],
  create: () => ({}),
})
const page = defineExporter({
  type: 'page',
  signals: ['metrics'],
  stability: 'beta',
  delivery: 'hold',
  ordering: 'none',
  pull: true,
  config: z.strictObject({
    endpoint: endpoint().default('127.0.0.1:9464').describe('Where to serve it.'),
    path: z.string().default('/metrics').describe('Its path.'),
  }),
  listens: ({ endpoint, path }) => [{ key: 'endpoint', endpoint, paths: [path] }],
  create: () => ({}),
})
const forward = defineConnector({
  type: 'forward',
  stability: 'beta',
  converts: { traces: ['traces'], metrics: ['metrics'], logs: ['logs'] },
  config: z.strictObject({}),
  create: () => ({}),
})
const count = defineConnector({
  type: 'count',
  stability: 'beta',
  converts: { traces: ['metrics'], logs: ['metrics'] },
  config: z.strictObject({}),
  create: () => ({}),
})
const probe = defineExtension({
  type: 'probe',
  stability: 'beta',
  config: z.strictObject({ endpoint: endpoint().default('127.0.0.1:8086'), path: z.string().default('/') }),
  listens: ({ endpoint, path }) => [{ key: 'endpoint', endpoint, paths: [path] }],
  create: () => ({}),
})

const byType = (...definitions: { type: string }[]) => new Map(definitions.map(one => [one.type, one]))

/** Components of every kind with settings of every sort; none of them does anything. */
export const samples = {
  receiver: byType(push, host),
  processor: byType(batch, tail, relabel),
  exporter: byType(store, page),
  connector: byType(forward, count),
  extension: byType(probe),
} as unknown as Components

interface Given {
  env?: Record<string, string>
  /** Path → text, for `--config` and for `${file:…}`. */
  files?: Record<string, string | Uint8Array>
  components?: Components
}

/** Loads texts as if they were the files `a.yaml`, `b.yaml` … */
export function load(texts: string | string[], { env = {}, files = {}, components = samples }: Given = {}): Loaded {
  const named = [texts].flat().map((text, i): NamedText => ({ name: `${'abcdef'[i]}.yaml`, text }))
  return loadConfig({ files: named, components, env, readFile: path => read(files, path) })
}

function read(files: Record<string, string | Uint8Array>, path: string): string | Uint8Array {
  if (path in files) return files[path]
  throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
}

export function problemsOf(texts: string | string[], given?: Given): string[] {
  return load(texts, given).problems.map(formatProblem)
}

/** Checked settings of a component. Throws with what is wrong when the config is refused. */
export function settingsOf(kind: keyof Components, id: string, texts: string | string[], given?: Given): unknown {
  const { config, problems } = load(texts, given)
  if (!config) throw new Error(problems.map(formatProblem).join('\n'))
  return config.components[kind].get(id)?.config
}

/** A config around the settings of one `store`; what is given is indented below it. */
export function withStore(settings: string): string {
  const lines = settings.split('\n').map(line => `    ${line}`)
  return [
    'receivers: {push: }',
    'service: {pipelines: {logs: {receivers: [push], exporters: [store]}}}',
    'exporters:',
    '  store:',
    ...lines,
  ].join('\n')
}
