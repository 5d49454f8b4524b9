import type { Kind, Signal } from '../component/types.ts'
import type { AgentConfig, ComponentConfig, PipelineConfig } from '../config/model.ts'

/** `receiver:otlp`, `processor:metrics/host:batch`, `exporter:loki`: one instance of a component. */
export type NodeKey = string

export interface Node {
  readonly key: NodeKey
  readonly kind: Exclude<Kind, 'extension'>
  readonly id: string
  /** Processors: the pipeline they stand in. */
  readonly pipeline?: string
  readonly component: ComponentConfig
  /** Signals that reach this node; for a receiver those that it makes. */
  readonly signals: ReadonlySet<Signal>
  /** Where each signal that it hands on goes: more than one target is a fan-out. */
  readonly outputs: ReadonlyMap<Signal, readonly NodeKey[]>
}

/** The wiring of a config. Nothing is created or opened. */
export interface Graph {
  /** In the order of start: exporters first, receivers last, every node after all that it hands to. */
  readonly nodes: ReadonlyMap<NodeKey, Node>
}

interface Draft {
  kind: Node['kind']
  id: string
  pipeline?: string
  component: ComponentConfig
  signals: Set<Signal>
  outputs: Map<Signal, NodeKey[]>
}

/** Builds the wiring of a checked config: references exist, signals fit, there is no cycle. */
export function buildGraph({ components, service }: AgentConfig): Graph {
  const drafts = new Map<NodeKey, Draft>()
  const draft = (kind: Node['kind'], id: string, signal: Signal, pipeline?: string): NodeKey => {
    const key = pipeline === undefined ? `${kind}:${id}` : `${kind}:${pipeline}:${id}`
    const component = components[kind].get(id) as ComponentConfig
    const known = drafts.get(key) ?? { kind, id, pipeline, component, signals: new Set(), outputs: new Map() }
    drafts.set(key, known)
    known.signals.add(signal)
    return key
  }
  const end = (kind: 'receiver' | 'exporter', id: string, signal: Signal) =>
    draft(components.connector.has(id) ? 'connector' : kind, id, signal)

  for (const pipeline of service.pipelines) wire(pipeline)

  function wire({ id, signal, receivers, processors, exporters }: PipelineConfig): void {
    const ends = exporters.map(exporter => end('exporter', exporter, signal))
    const chain = processors.map(processor => draft('processor', processor, signal, id))
    for (const [i, key] of chain.entries()) connect(key, signal, i + 1 < chain.length ? [chain[i + 1]] : ends)
    const head = chain.length > 0 ? [chain[0]] : ends
    for (const receiver of receivers) connect(source(receiver, signal), signal, head)
  }
  /** A connector is drafted by the pipelines that feed it, too: what it makes is not among the signals that reach it. */
  function source(id: string, signal: Signal): NodeKey {
    if (!components.connector.has(id)) return draft('receiver', id, signal)
    const key = `connector:${id}`
    if (!drafts.has(key))
      drafts.set(key, {
        kind: 'connector',
        id,
        component: components.connector.get(id) as ComponentConfig,
        signals: new Set(),
        outputs: new Map(),
      })
    return key
  }
  function connect(from: NodeKey, signal: Signal, targets: readonly NodeKey[]): void {
    const { outputs } = drafts.get(from) as Draft
    const known = outputs.get(signal) ?? []
    outputs.set(signal, [...known, ...targets.filter(target => !known.includes(target))])
  }

  const nodes = new Map<NodeKey, Node>()
  for (const key of downstreamFirst(drafts)) nodes.set(key, { key, ...(drafts.get(key) as Draft) })
  return { nodes }
}

/** Keys so that every node comes after all that it hands to: exporters, then what feeds them, receivers at the end. */
function downstreamFirst(drafts: ReadonlyMap<NodeKey, Draft>): NodeKey[] {
  const done = new Set<NodeKey>()
  const visit = (key: NodeKey): void => {
    if (done.has(key)) return
    for (const targets of drafts.get(key)?.outputs.values() ?? []) targets.forEach(visit)
    done.add(key)
  }
  const order: Node['kind'][] = ['exporter', 'connector', 'processor', 'receiver']
  for (const kind of order) for (const [key, draft] of drafts) if (draft.kind === kind) visit(key)
  return [...done]
}

/** Every node that a batch of `signal` from `key` can reach, `key` itself not included; connectors are crossed. */
export function reachable({ nodes }: Graph, key: NodeKey, signal?: Signal): Node[] {
  const found = new Map<NodeKey, Node>()
  const visit = (from: NodeKey, only?: Signal): void => {
    for (const [outputSignal, targets] of nodes.get(from)?.outputs ?? []) {
      if (only !== undefined && outputSignal !== only) continue
      for (const target of targets) {
        if (found.has(target)) continue
        found.set(target, nodes.get(target) as Node)
        visit(target)
      }
    }
  }
  visit(key, signal)
  return [...found.values()]
}
