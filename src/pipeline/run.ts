import type { Admission, MemoryBudget } from '../component/admission.ts'
import type { Clock } from '../component/clock.ts'
import type { Collections, Extension, Kind, Settings, Signal } from '../component/types.ts'
import type { AgentConfig, ComponentConfig } from '../config/model.ts'
import { ByteBudget } from '../exporting/budget.ts'
import type { DeliveryState } from '../exporting/chain.ts'
import { defaultBudgetBytes } from '../exporting/memory_size.ts'
import { createAdmission } from './admission.ts'
import { ReceiverCollections, upstreamCollections } from './collect.ts'
import type { Target } from './edge.ts'
import { buildGraph, type Graph, type Node, type NodeKey, reachable } from './graph.ts'
import type { Ledger } from './observe.ts'
import { beforeDeadline, dropCounter, RunningNode } from './running_node.ts'

/** What the agent around the graph gives a component, and takes back when the component is gone. */
export type Attach = (
  component: ComponentConfig,
  kind: Kind,
  pipeline?: string,
) => { settings: Omit<Settings, 'drops' | 'admission' | 'budget' | 'collections' | 'extension'>; detach(): void }

export interface RunOptions {
  ledger: Ledger
  clock: Clock
  attach: Attach
  /** What all queues together may keep in memory; by default a part of what the process may use. */
  budget?: MemoryBudget
}

/** What a reload did, by id. */
export interface Changes {
  started: string[]
  stopped: string[]
  kept: string[]
}

interface RunningExtension {
  readonly component: ComponentConfig
  readonly instance: Extension
  detach(): void
}
interface State {
  readonly graph: Graph
  readonly nodes: ReadonlyMap<NodeKey, RunningNode>
  readonly extensions: ReadonlyMap<string, RunningExtension>
}
/** Something created by a change, to be undone when the change fails. */
interface Part {
  readonly id: string
  stop(deadline: AbortSignal): Promise<void>
}

const NOTHING: State = { graph: { nodes: new Map() }, nodes: new Map(), extensions: new Map() }

/** The running pipelines: start with undo, stop in order, and change of what a new config changes. */
export class Pipelines {
  readonly #options: RunOptions
  readonly #collections = new Map<RunningNode, ReceiverCollections>()
  /** The last collection of each receiver id. */
  readonly #sequences = new Map<string, { last: number }>()
  readonly budget: MemoryBudget
  #state: State = NOTHING

  constructor(options: RunOptions) {
    this.#options = options
    this.budget = options.budget ?? new ByteBudget(defaultBudgetBytes())
  }

  get graph(): Graph {
    return this.#state.graph
  }

  /** How each exporter that sends is doing. */
  deliveries(): { id: string; state: DeliveryState }[] {
    return [...this.#state.nodes.values()].flatMap(({ node: { id }, delivery }) =>
      delivery ? [{ id, state: delivery }] : [],
    )
  }

  /** One line for each component that has something to say of itself. */
  describe(): { id: string; kind: string; text: string }[] {
    const lines = []
    for (const { node, instance } of this.#state.nodes.values()) {
      const text = instance.describe?.()
      if (text) lines.push({ id: node.id, kind: node.kind, text })
    }
    return lines.reverse()
  }

  /**
   * Makes the running graph that of `config`: components whose resolved config or definition differs are made anew, the
   * others go on untouched. New ones start before anything stops; when one can't, everything is as it was before, and the
   * error is thrown. `drain` is asked when something has to stop, and bounds it; failures to stop are returned.
   */
  async apply(config: AgentConfig, drain: () => AbortSignal): Promise<{ changes: Changes; failures: unknown[] }> {
    const old = this.#state
    const fresh: Part[] = []
    let next: State
    try {
      const extensions = await this.#startExtensions(config, old, fresh)
      next = { ...this.#build(config, old, extensions, fresh), extensions }
      await this.#startNodes(old, next)
    } catch (error) {
      this.#swap(old)
      for (const running of this.#collections.keys()) if (old.nodes.get(running.key) !== running) this.#forget(running)
      const deadline = drain()
      await settleAll(fresh.reverse().map(part => beforeDeadline(part.stop(deadline), deadline, part.id)))
      throw error
    }
    for (const running of next.nodes.values()) this.#time(running)
    const failures = await this.#stop(minus(old, next), drain())
    return { changes: changesBetween(old, next), failures }
  }

  async #startExtensions(config: AgentConfig, old: State, fresh: Part[]): Promise<State['extensions']> {
    const extensions = new Map<string, RunningExtension>()
    for (const id of config.service.extensions) {
      const component = config.components.extension.get(id) as ComponentConfig
      const known = old.extensions.get(id)
      const running = known && sameComponent(known.component, component) ? known : this.#createExtension(component)
      extensions.set(id, running)
      if (running === known) continue
      fresh.push({ id, stop: deadline => stopped(running, deadline) })
      await running.instance.start?.()
    }
    return extensions
  }

  /** Creates what is new, wired to the graph to come; what is kept still hands on as before. */
  #build(
    config: AgentConfig,
    old: State,
    extensions: State['extensions'],
    fresh: Part[],
  ): Pick<State, 'graph' | 'nodes'> {
    const graph = buildGraph(config)
    const nodes = new Map<NodeKey, RunningNode>()
    for (const node of graph.nodes.values()) {
      const known = old.nodes.get(node.key)
      const same = known && unchanged(known.node, node) && sameUses(node.component, old.extensions, extensions)
      const running = same ? known : this.#create(node, extensions)
      nodes.set(node.key, running)
      if (running !== known) fresh.push({ id: node.id, stop: deadline => running.shutdown(deadline) })
    }
    for (const running of nodes.values())
      if (old.nodes.get(running.key) !== running) point(running, running.node, nodes)
    return { graph, nodes }
  }

  /** Exporters first; then the edges are swapped; then receivers, which may hand on at once. */
  async #startNodes(old: State, next: State): Promise<void> {
    const starting = [...next.nodes.values()].filter(running => old.nodes.get(running.key) !== running)
    for (const running of starting) if (running.node.kind !== 'receiver') await running.start()
    this.#swap(next)
    for (const running of starting) if (running.node.kind === 'receiver') await running.start()
  }

  /** Stops everything, receivers first, carrying on past failures; returns them. */
  stop(deadline: AbortSignal): Promise<unknown[]> {
    return this.#stop(this.#state, deadline)
  }

  /**
   * Receivers together, then processors and connectors one after another, upstream before downstream, then exporters
   * together, so that none of them drains on the time of another; extensions at the end.
   */
  async #stop({ nodes, extensions }: Pick<State, 'nodes' | 'extensions'>, deadline: AbortSignal): Promise<unknown[]> {
    const upstreamFirst = [...nodes.values()].reverse()
    for (const running of upstreamFirst) this.#forget(running)
    const together = (kind: Kind) =>
      settleAll(upstreamFirst.filter(({ node }) => node.kind === kind).map(running => running.shutdown(deadline)))
    const failures = await together('receiver')
    for (const running of upstreamFirst)
      if (running.node.kind === 'processor' || running.node.kind === 'connector')
        failures.push(...(await settleAll([running.shutdown(deadline)])))
    failures.push(...(await together('exporter')))
    const last = [...extensions].map(([id, running]) => beforeDeadline(stopped(running, deadline), deadline, id))
    return [...failures, ...(await settleAll(last))]
  }

  #forget(running: RunningNode): void {
    this.#collections.get(running)?.stop()
    this.#collections.delete(running)
  }

  #create(node: Node, extensions: State['extensions']): RunningNode {
    const { ledger, attach } = this.#options
    const { settings, detach } = attach(node.component, node.kind, node.pipeline)
    const delivers = node.kind === 'exporter'
    const own: Settings = {
      ...settings,
      budget: this.budget,
      drops: dropCounter(signal => ledger.counters(node.kind, node.id, signal, node.pipeline), delivers),
      extension: text => usedBy(node.component, extensions, text),
      admission: this.#admission(node.key),
      collections: this.#collectionsFor(node.key),
    }
    const running = new RunningNode(node, ledger, own, detach)
    if (running.instance.collect) this.#collections.set(running, this.#collectionsOf(running, own))
    return running
  }

  #collectionsOf({ node, instance }: RunningNode, { clock, admission }: Settings): ReceiverCollections {
    const sequence = this.#sequences.get(node.id) ?? { last: 0 }
    this.#sequences.set(node.id, sequence)
    return new ReceiverCollections(node.id, instance, clock, admission, this.#options.ledger, sequence)
  }

  #createExtension(component: ComponentConfig): RunningExtension {
    const { definition, config, id } = component
    if (definition.kind !== 'extension') throw new TypeError(`${id} is no extension`)
    const { settings, detach } = this.#options.attach(component, 'extension')
    const instance = definition.create(config, {
      ...settings,
      budget: this.budget,
      drops: dropCounter(signal => this.#options.ledger.counters('extension', id, signal), false),
      extension: text => usedBy(component, new Map(), text),
      admission: createAdmission(() => []),
      collections: upstreamCollections(
        () => [],
        () => [],
      ),
    })
    return { component, instance, detach }
  }

  #admission(key: NodeKey): Admission {
    return createAdmission(() => {
      const queues = reachable(this.#state.graph, key).flatMap(
        ({ key: at }) => this.#state.nodes.get(at)?.instance.reservable ?? [],
      )
      return [this.budget, ...queues]
    })
  }

  #collectionsFor(key: NodeKey): Collections {
    const upstream = () => {
      const found = []
      for (const [running, collections] of this.#collections) {
        if (this.#state.nodes.get(running.key) !== running) continue
        if (reachable(this.#state.graph, running.key, 'metrics').some(node => node.key === key)) found.push(collections)
      }
      return found
    }
    return upstreamCollections(upstream, () => upstream().filter(({ id }) => this.#isPushed(`receiver:${id}`)))
  }

  /** True when an exporter that nobody asks for data is downstream: then a timer collects. */
  #isPushed(key: NodeKey): boolean {
    return reachable(this.#state.graph, key, 'metrics').some(
      ({ component: { definition } }) => definition.kind === 'exporter' && !definition.pull,
    )
  }

  #time(running: RunningNode): void {
    const collections = this.#collections.get(running)
    if (this.#isPushed(running.key)) collections?.startTimer()
    else collections?.stopTimer()
  }

  /** Points every edge at the graph of `state`: one synchronous step, so no batch sees half of it. */
  #swap(state: State): void {
    this.#state = state
    for (const running of state.nodes.values()) point(running, state.graph.nodes.get(running.key) as Node, state.nodes)
  }
}

/** What `old` has and `next` has not. */
function minus(old: State, next: State): Pick<State, 'nodes' | 'extensions'> {
  return {
    nodes: new Map([...old.nodes].filter(([key, running]) => next.nodes.get(key) !== running)),
    extensions: new Map([...old.extensions].filter(([id, running]) => next.extensions.get(id) !== running)),
  }
}

function changesBetween(old: State, next: State): Changes {
  const ids = ({ nodes, extensions }: Pick<State, 'nodes' | 'extensions'>) => [
    ...new Set([...[...nodes.values()].map(({ node }) => node.id), ...extensions.keys()]),
  ]
  const started = minus(next, old)
  return { started: ids(started), stopped: ids(minus(old, next)), kept: ids(minus(next, { ...next, ...started })) }
}

function point(running: RunningNode, node: Node, nodes: ReadonlyMap<NodeKey, RunningNode>): void {
  for (const [signal, edge] of running.edges)
    edge.targets = (node.outputs.get(signal) ?? []).map(target => nodes.get(target)?.targets.get(signal) as Target)
}

function sameComponent(a: ComponentConfig, b: ComponentConfig): boolean {
  return a.fingerprint === b.fingerprint && a.definition === b.definition
}

/** A component holds on to the extensions that it uses: when one of them is made anew, so is the component. */
function sameUses({ uses }: ComponentConfig, before: State['extensions'], after: State['extensions']): boolean {
  return [...(uses?.values() ?? [])].every(id => before.get(id) === after.get(id))
}

/** The running extension that a component's config names by `text`. */
function usedBy({ id, uses }: ComponentConfig, extensions: State['extensions'], text: string): Extension {
  const running = extensions.get(uses?.get(text) ?? '')
  if (!running) throw new TypeError(`${id} asks for extension ${text}, which its definition does not declare in uses`)
  return running.instance
}

/** The same instance can serve: only where its edges lead may differ. */
function unchanged(before: Node | undefined, after: Node): boolean {
  return (
    before !== undefined &&
    sameComponent(before.component, after.component) &&
    same(before.signals, after.signals) &&
    same(new Set<Signal>(before.outputs.keys()), new Set<Signal>(after.outputs.keys()))
  )
}

const same = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean =>
  a.size === b.size && [...a].every(item => b.has(item))

async function stopped({ instance, detach }: RunningExtension, deadline: AbortSignal): Promise<void> {
  try {
    await instance.shutdown?.(deadline)
  } finally {
    detach()
  }
}

/** The reasons of those that rejected. */
async function settleAll(work: Promise<unknown>[]): Promise<unknown[]> {
  const results = await Promise.allSettled(work)
  return results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
}
