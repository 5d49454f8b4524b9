import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { defineExporter } from '../../src/component/define.ts'
import { loadComponents } from '../../src/components.ts'
import { defaultConfig } from '../../src/config/default_config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problems.ts'
import { configSchema } from '../../src/config/schema.ts'
import { problemsOf, samples } from './sample_components.ts'

const components = await loadComponents()

const folder = join(import.meta.dirname, '../../examples')
const examples = readdirSync(folder).filter(file => file.endsWith('.yaml'))
const text = (file: string) => readFileSync(join(folder, file), 'utf8')

/** The checks of ajv's strict mode, too: no keyword that JSON Schema does not know. */
function compile(known: typeof components) {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
  addFormats.default(ajv)
  return ajv.compile(configSchema(known))
}
const own = compile(components)
const sample = compile(samples)

describe('the examples of the project', () => {
  test.each([...examples.map(file => [file, text(file)]), ['the default config', defaultConfig({})]])(
    '%s is valid by the schema',
    (_, yaml) => {
      own(parse(yaml))
      expect(own.errors).toBe(null)
    },
  )

  test.each([['host.yaml'], ['print.yaml'], ['host.yaml', 'overlay.yaml']])('%s %s load', (...files) => {
    const named = files.filter(Boolean).map(name => ({ name, text: text(name) }))
    const { problems, warnings } = loadConfig({ files: named, components, env: {}, readFile: () => '' })
    expect([problems.map(formatProblem), warnings]).toEqual([[], []])
  })

  test.each(examples)('%s with a key that nobody knows is not valid', file => {
    const config = parse(text(file))
    for (const section of Object.keys(config)) {
      const [id] = Object.keys(config[section])
      const broken = { ...config, [section]: { ...config[section], [id]: { ...config[section][id], no_such_key: 1 } } }
      expect([section, own(broken)]).toEqual([section, false])
    }
  })

  test('the default config loads', () => {
    const { problems } = loadConfig({
      files: [{ name: 'default', text: defaultConfig({}) }],
      components,
      env: {},
      readFile: () => '',
    })
    expect(problems.map(formatProblem)).toEqual([])
  })
})

describe('the schema', () => {
  const pipelines = 'service: {pipelines: {logs: {receivers: [push], exporters: [store]}}}'
  const store = (settings: string) =>
    `receivers: {push: }\nexporters: {store: {endpoint: "s:1", ${settings}}}\n${pipelines}`

  test.each([
    store(''),
    store('shards: 4, mode: detailed, compress: false, limit: 5MB'),
    store('shards: "${env:SHARDS:-2}", mode: "${MODE:-none}", compress: "${env:C:-true}", limit: "${env:L:-1}"'),
    store('target: [a], headers: {x: "y"}'),
    `receivers: {oldpush/edge: }\nexporters: {store: {endpoint: "s:1"}}\nservice: {pipelines: {logs/x: {receivers: [oldpush/edge], exporters: [store]}}}`,
    `${store('headers: ')}\nprocessors:`,
  ])('takes what the loader takes: %j', yaml => {
    expect(problemsOf(yaml)).toEqual([])
    sample(parse(yaml))
    expect(sample.errors).toBe(null)
  })

  test.each([
    store('shard: 4'),
    store('shards: four'),
    store('shards: 0'),
    store('mode: loud'),
    store('compress: "yes"'),
    store('headers: {x: 1}'),
    store('limit: much'),
    store('').replace('"s:1"', '1'),
    store('').replace('store: {', 'stor: {'),
    store('').replace('store: {', 'store/: {'),
    store('').replace('logs:', 'log:'),
    store('').replace('service:', 'services:'),
    'receivers: {push: }\nexporters: {store: {}}',
  ])('refuses what the loader refuses: %j', yaml => {
    expect(problemsOf(yaml)).not.toEqual([])
    expect(sample(parse(yaml))).toBe(false)
  })

  test('keeps descriptions and defaults for editors', () => {
    expect(configSchema(samples).$defs?.['exporter.store']).toMatchObject({
      properties: {
        limit: { default: '10MiB', description: 'Most bytes of a request.' },
        password: { writeOnly: true, description: 'What it asks for.' },
      },
    })
  })

  test('holds together for settings that contain themselves', () => {
    const rule: z.ZodType = z.lazy(() => z.strictObject({ name: z.string(), and: z.array(rule).optional() }))
    const tree = defineExporter({
      type: 'tree',
      signals: ['logs'],
      stability: 'development',
      delivery: 'hold',
      ordering: 'none',
      config: z.strictObject({ rule }),
      create: () => ({}),
    })
    const exporter = new Map([...samples.exporter, ['tree', tree]]) as unknown as typeof samples.exporter
    const valid = compile({ ...samples, exporter })
    const nested = (name: unknown) => ({
      exporters: { tree: { rule: { name: 'a', and: [{ name: 'b', and: [{ name }] }] } } },
    })
    expect([valid(nested('c')), valid(nested(1))]).toEqual([true, false])
  })
})
