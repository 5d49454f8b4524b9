import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Components, type ConnectorDefinition, type Definition, EXTENSION_ROLES } from '../src/component/define.ts'
import { KINDS, type Kind, SIGNALS } from '../src/component/types.ts'
import { loadComponents } from '../src/components.ts'
import { type Loaded, loadConfig } from '../src/config/load.ts'
import { formatProblem } from '../src/config/problems.ts'

const components = await loadComponents()

const folder = join(import.meta.dirname, 'collector_configs')

interface Need {
  kind: Kind
  type: string
}
interface CollectorConfig {
  file: string
  /** In the order in which they appear first. */
  needs: Need[]
  env: Record<string, string>
}

const configs = readdirSync(folder)
  .filter(file => file.endsWith('.yaml'))
  .map((file): CollectorConfig => {
    const text = readFileSync(join(folder, file), 'utf8')
    const header = (name: string) => new RegExp(`^# ${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''
    const needs = header('needs')
      .split('; ')
      .map(need => need.split(' ') as [Kind, string])
    const env = header('env')
      .split(' ')
      .filter(Boolean)
      .map(pair => pair.split(/=(.*)/s).slice(0, 2))
    return { file, needs: needs.map(([kind, type]) => ({ kind, type })), env: Object.fromEntries(env) }
  })

/** Older spellings in these files of components that this build may not have yet. */
const OLDER: Record<string, string[]> = {
  'exporter otlp_grpc': ['otlp'],
  'exporter otlp_http': ['otlphttp'],
  'exporter prometheus_remote_write': ['prometheusremotewrite'],
  'receiver file_log': ['filelog'],
  'connector span_metrics': ['spanmetrics'],
  'processor cumulative_to_delta': ['cumulativetodelta'],
  'processor delta_to_cumulative': ['deltatocumulative'],
  'extension basic_auth': ['basicauth'],
  'extension bearer_token_auth': ['bearertokenauth'],
}
const SAME: ConnectorDefinition['converts'] = { traces: ['traces'], metrics: ['metrics'], logs: ['logs'] }
const CONVERTS: Record<string, ConnectorDefinition['converts']> = {
  forward: SAME,
  routing: SAME,
  span_metrics: { traces: ['metrics'] },
  exceptions: { traces: ['metrics', 'logs'] },
  count: { traces: ['metrics'], metrics: ['metrics'], logs: ['metrics'] },
}

/** A component that takes every setting, in the place of one that does not exist yet. */
function stub({ kind, type }: Need): Definition {
  const common = { kind, type, aliases: OLDER[`${kind} ${type}`], stability: 'development', config: z.looseObject({}) }
  const provides = () => EXTENSION_ROLES
  return { ...common, signals: SIGNALS, converts: CONVERTS[type], provides } as unknown as Definition
}

/** `base` and, of what is needed, stubs for the rest. */
function completed(base: Components, needs: readonly Need[]): Components {
  const missing = needs.filter(({ kind, type }) => !base[kind].has(type))
  const withStubs = KINDS.map(kind => {
    const stubs = missing
      .filter(need => need.kind === kind)
      .map((need): [string, Definition] => [need.type, stub(need)])
    return [kind, new Map<string, Definition>([...base[kind], ...stubs])]
  })
  return Object.fromEntries(withStubs) as unknown as Components
}

const none = Object.fromEntries(KINDS.map(kind => [kind, new Map()])) as unknown as Components

function load({ file, env }: CollectorConfig, components: Components): Loaded {
  const readFile = () => {
    throw new Error('loading needs no other file')
  }
  return loadConfig({
    files: [{ name: file, text: readFileSync(join(folder, file), 'utf8') }],
    components,
    env,
    readFile,
  })
}

const refusedTypes = ({ problems }: Loaded) =>
  problems.filter(({ path }) => path.length === 2).map(({ message }) => message)
const namesOf = ({ kind, type }: Need) => [type, ...(OLDER[`${kind} ${type}`] ?? [])].map(name => `"${name}"`)

describe.each(configs)('$file', config => {
  test('its header names every component that it needs, in order', () => {
    const messages = refusedTypes(load(config, none))
    const named = [...new Set(messages.map(message => /^unknown (\w+) "(\w+)"/.exec(message)?.slice(1).join(' ')))]
    const needed = config.needs.map(need => namesOf(need).map(name => `${need.kind} ${name.slice(1, -1)}`))
    const order = named.map(name => needed.findIndex(names => names.includes(name ?? '')))
    expect([...new Set(order)]).toEqual([...needed.keys()])
  })

  test('it is refused with the name of the first component that is missing, and for nothing else', () => {
    const missing = config.needs.filter(({ kind, type }) => !components[kind].has(type))
    const loaded = load(config, components)
    const messages = loaded.problems.map(formatProblem)
    expect(messages.filter(message => !/: unknown \w+ "|: "\w+" is an? \w+, not an? \w+$/.test(message))).toEqual([])
    expect(messages.length > 0).toBe(missing.length > 0)
    if (missing.length > 0) {
      expect(namesOf(missing[0]).some(name => refusedTypes(loaded)[0].includes(name))).toBe(true)
    }
  })

  test('it loads as soon as all of them are registered', () => {
    const { config: loaded, problems } = load(config, completed(components, config.needs))
    expect(problems.map(formatProblem)).toEqual([])
    expect(loaded?.service.pipelines.length).toBeGreaterThan(0)
  })
})

test('there are twenty-four of them', () => {
  expect(configs).toHaveLength(24)
})
