import { parse, stringify } from 'yaml'
import { z } from 'zod'
import {
  type Components,
  type ConnectorDefinition,
  type Definition,
  defineExporter,
  defineReceiver,
} from '../../src/component/define.ts'
import { type Kind, SIGNALS, type Signal } from '../../src/component/types.ts'
import { lookUp, parseId } from '../../src/config/declared.ts'
import { type Loaded, loadConfig } from '../../src/config/load.ts'

const common = { signals: SIGNALS, stability: 'development', config: z.strictObject({}) } as const
const source = defineReceiver({ ...common, type: 'example_source', create: () => ({}) })
const sink = defineExporter({ ...common, type: 'example_sink', delivery: 'hold', ordering: 'none', create: () => ({}) })

interface Example {
  receivers?: object
  processors?: object
  exporters?: object
  connectors?: object
  extensions?: object
  service?: { pipelines?: object; extensions?: string[] }
}
type Pipelines = Record<string, { receivers: string[]; processors?: string[]; exporters: string[] }>

/**
 * Loads an example of a README. One without pipelines is completed first: each of its components gets a pipeline for every
 * signal that it has, between a source and a sink that stand for the rest, and its extensions are started.
 */
export function loadExample(name: string, text: string, components: Components): Loaded {
  const withEnds: Components = {
    ...components,
    receiver: new Map([...components.receiver, [source.type, source]]),
    exporter: new Map([...components.exporter, [sink.type, sink]]),
  } as Components
  return loadConfig({
    files: [{ name, text }, ...completion(parse(text) ?? {}, components)],
    components: withEnds,
    env: new Proxy({}, { get: () => 'example' }),
    readFile: () => 'example\n',
  })
}

function completion(example: Example, components: Components): { name: string; text: string }[] {
  if (example.service?.pipelines) return []
  const pipelines: Pipelines = {}
  const wire = (
    kind: Kind,
    section: object | undefined,
    between: (id: string, definition: Definition) => Pipelines,
  ) => {
    for (const id of Object.keys(section ?? {})) {
      const definition = lookUp(components, kind, parseId(id)?.type ?? id)
      if (definition) Object.assign(pipelines, between(id, definition))
    }
  }
  wire('receiver', example.receivers, (id, one) => each(one, id, { receivers: [id], exporters: [sink.type] }))
  wire('processor', example.processors, (id, one) =>
    each(one, id, { receivers: [source.type], processors: [id], exporters: [sink.type] }),
  )
  wire('exporter', example.exporters, (id, one) => each(one, id, { receivers: [source.type], exporters: [id] }))
  wire('connector', example.connectors, (id, one) => through(one as ConnectorDefinition, id))
  if (Object.keys(pipelines).length === 0) pipelines.logs = { receivers: [source.type], exporters: [sink.type] }
  const extensions = example.service?.extensions ?? Object.keys(example.extensions ?? {})
  const ends = { receivers: { [source.type]: {} }, exporters: { [sink.type]: {} } }
  return [{ name: 'completion', text: stringify({ ...ends, service: { extensions, pipelines } }) }]
}

function each(definition: Definition, id: string, pipeline: Pipelines[string]): Pipelines {
  const signals = 'signals' in definition ? definition.signals : []
  return Object.fromEntries(signals.map(signal => [`${signal}/${definition.kind}-${id}`, pipeline]))
}

function through({ converts }: ConnectorDefinition, id: string): Pipelines {
  const into = (signal: Signal): [string, Pipelines[string]] => [
    `${signal}/into-${id}`,
    { receivers: [source.type], exporters: [id] },
  ]
  const out = (signal: Signal): [string, Pipelines[string]] => [
    `${signal}/from-${id}`,
    { receivers: [id], exporters: [sink.type] },
  ]
  const from = SIGNALS.filter(signal => converts[signal]?.length)
  const to = SIGNALS.filter(signal => from.some(given => converts[given]?.includes(signal)))
  return Object.fromEntries([...from.map(into), ...to.map(out)])
}
