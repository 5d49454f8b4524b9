import type { ConnectorDefinition } from '../component/define.ts'
import type { Signal } from '../component/types.ts'
import type { Declarations } from './declared.ts'
import type { PipelineConfig, Problem } from './model.ts'

interface Use {
  readonly pipeline: PipelineConfig
  readonly index: number
}
interface ConnectorUses {
  readonly id: string
  readonly definition: ConnectorDefinition
  readonly asExporter: Use[]
  readonly asReceiver: Use[]
}

/** What connectors make of the pipelines: both ends in use, signals that they can convert, no way back to where data came from. */
export function checkConnections(pipelines: readonly PipelineConfig[], declarations: Declarations): Problem[] {
  const connectors = [...declarations.of('connector')].flatMap(({ id, definition }): ConnectorUses[] => {
    if (definition?.kind !== 'connector') return []
    return [
      { id, definition, asExporter: uses(pipelines, 'exporters', id), asReceiver: uses(pipelines, 'receivers', id) },
    ]
  })
  return [...connectors.flatMap(checkEnds), ...findCircles(pipelines, connectors)]
}

function uses(pipelines: readonly PipelineConfig[], role: 'receivers' | 'exporters', id: string): Use[] {
  return pipelines.flatMap(pipeline => {
    const index = pipeline[role].indexOf(id)
    return index < 0 ? [] : [{ pipeline, index }]
  })
}

const pathOf = ({ pipeline, index }: Use, role: 'receivers' | 'exporters') =>
  ['service', 'pipelines', pipeline.id, role, index] as const

const converts = ({ definition }: ConnectorUses, from: Signal, to: Signal) =>
  definition.converts[from]?.includes(to) === true

function checkEnds(connector: ConnectorUses): Problem[] {
  const { id, definition, asExporter, asReceiver } = connector
  const problems: Problem[] = []
  for (const use of asExporter) {
    const from = use.pipeline.signal
    const out = definition.converts[from]
    if (!out || asReceiver.some(({ pipeline }) => out.includes(pipeline.signal))) continue
    const message =
      asReceiver.length === 0
        ? `connector "${id}" is only an exporter: it also has to be among the receivers of a pipeline`
        : `connector "${id}" turns ${from} into ${out.join(' or ')}, and no pipeline of these has it as a receiver`
    problems.push({ path: pathOf(use, 'exporters'), message })
  }
  for (const use of asReceiver) {
    const to = use.pipeline.signal
    if (asExporter.some(({ pipeline }) => converts(connector, pipeline.signal, to))) continue
    const message =
      asExporter.length === 0
        ? `connector "${id}" is only a receiver: it also has to be among the exporters of a pipeline`
        : `connector "${id}" makes no ${to} of the ${signals(asExporter)} that it gets`
    problems.push({ path: pathOf(use, 'receivers'), message })
  }
  return problems
}

const signals = (uses: readonly Use[]) => [...new Set(uses.map(({ pipeline }) => pipeline.signal))].join(' and ')

interface Step {
  readonly connector: string
  readonly to: PipelineConfig
}

/** Each circle once, at the pipeline of it that comes first in the config. */
function findCircles(pipelines: readonly PipelineConfig[], connectors: readonly ConnectorUses[]): Problem[] {
  const steps = new Map(pipelines.map(pipeline => [pipeline, stepsFrom(pipeline, connectors)]))
  const problems: Problem[] = []
  const finished = new Set<PipelineConfig>()
  const visit = (pipeline: PipelineConfig, trail: readonly { from: PipelineConfig; connector: string }[]): void => {
    const start = trail.findIndex(({ from }) => from === pipeline)
    if (start >= 0) {
      const circle = trail.slice(start).map(({ from, connector }) => `${from.id} → (${connector}) → `)
      const path = ['service', 'pipelines', pipeline.id]
      problems.push({ path, message: `data would go round in a circle: ${circle.join('')}${pipeline.id}` })
    } else if (!finished.has(pipeline)) {
      for (const { connector, to } of steps.get(pipeline) ?? []) visit(to, [...trail, { from: pipeline, connector }])
      finished.add(pipeline)
    }
  }
  for (const pipeline of pipelines) visit(pipeline, [])
  return problems
}

function stepsFrom(pipeline: PipelineConfig, connectors: readonly ConnectorUses[]): Step[] {
  return connectors.flatMap(connector => {
    if (!connector.asExporter.some(use => use.pipeline === pipeline)) return []
    return connector.asReceiver
      .filter(use => converts(connector, pipeline.signal, use.pipeline.signal))
      .map(use => ({ connector: connector.id, to: use.pipeline }))
  })
}
