import type { DefinitionOf } from '../component/define.ts'
import { errorMessage } from '../component/errors.ts'
import type { DropCounter, Exporter, Lifecycle, Next, Receiver, Settings, Signal, Takes } from '../component/types.ts'
import { Chain, type DeliveryState } from '../exporting/chain.ts'
import { chainConfigOf } from '../exporting/config.ts'
import { Edge, type Target } from './edge.ts'
import type { Node, NodeKey } from './graph.ts'
import type { ItemCounters, Ledger } from './observe.ts'

type Running = Lifecycle & Takes & Pick<Receiver, 'collect'> & Pick<Exporter, 'reservable'>

/** One instance of a component in the running graph. */
export class RunningNode {
  readonly node: Node
  readonly instance: Running
  readonly edges: ReadonlyMap<Signal, Edge>
  readonly targets: ReadonlyMap<Signal, Target>
  readonly #shutdown: (deadline: AbortSignal) => Promise<void>
  #stopped?: Promise<void>

  /** `detach` is called when the instance is shut down, or could not be created. */
  constructor(node: Node, ledger: Ledger, settings: Settings, detach: () => void) {
    this.node = node
    const counters = (signal: Signal) => ledger.counters(node.kind, node.id, signal, node.pipeline)
    this.edges = new Map(
      [...node.outputs.keys()].map(s => [s, new Edge(ledger, counters(s), node.kind === 'receiver')]),
    )
    const aborter = new AbortController()
    try {
      this.instance = create(node, Object.fromEntries(this.edges) as Next, settings, counters)
    } catch (error) {
      detach()
      throw error
    }
    this.targets = new Map(
      [...node.signals]
        .filter(() => node.kind !== 'receiver')
        .map(signal => [signal, this.#target(signal, counters(signal), aborter.signal)]),
    )
    this.#shutdown = async deadline => {
      try {
        await this.instance.shutdown?.(deadline)
      } finally {
        aborter.abort(new Error(`${node.id} is shut down`))
        detach()
      }
    }
  }

  /** How an exporter with a queue is doing. */
  get delivery(): DeliveryState | undefined {
    return this.instance instanceof Chain ? this.instance.state : undefined
  }

  get key(): NodeKey {
    return this.node.key
  }

  async start(): Promise<void> {
    await this.instance.start?.()
  }

  /** Exactly once however often it is asked; rejects when the component fails to stop or the deadline passes first. */
  shutdown(deadline: AbortSignal): Promise<void> {
    this.#stopped ??= beforeDeadline(this.#shutdown(deadline), deadline, this.node.id)
    return this.#stopped
  }

  #target(signal: Signal, items: ItemCounters, aborted: AbortSignal): Target {
    const take = this.instance[signal]
    const { kind, id, component } = this.node
    if (!take) throw new TypeError(`${kind} ${id} was wired for ${signal} and takes none`)
    const delivers = component.definition.kind === 'exporter' && component.definition.delivery === 'hold'
    return { items, delivers, take: batch => take.call(this.instance, batch as never, aborted) }
  }
}

type CountersOf = (signal: Signal) => ItemCounters

function create(node: Node, next: Next, settings: Settings, counters: CountersOf): Running {
  const { definition, config } = node.component
  if (definition.kind === 'exporter') return createExporter(definition, config, settings, counters)
  return (definition as DefinitionOf<'receiver' | 'processor' | 'connector'>).create(config, next, settings)
}

/** What sends gets the chain before it, unless it has a queue of its own; what holds takes a batch and is done. */
function createExporter(
  definition: DefinitionOf<'exporter'>,
  config: unknown,
  settings: Settings,
  counters: CountersOf,
): Running {
  const exporter = definition.create(config, settings)
  if (definition.delivery === 'hold' || exporter.reservable) return exporter as Running
  const { ordering } = definition
  return new Chain({ exporter, ordering, config: chainConfigOf(config), settings, counters })
}

/** Settles as `work` does, unless the deadline comes first: then it rejects, and `work` is left to itself. Past the deadline only what is done at once counts. */
export function beforeDeadline(work: Promise<void>, deadline: AbortSignal, who: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new DeadlineError(`${who} did not stop before the deadline`))
    if (deadline.aborted) setImmediate(late)
    deadline.addEventListener('abort', late, { once: true })
    work.then(resolve, error => reject(new Error(`${who} failed to stop: ${errorMessage(error)}`, { cause: error })))
  })
}

/** A component that was not done when the drain deadline passed. */
export class DeadlineError extends Error {
  override name = 'DeadlineError'
}

/** Counts on the component's own counters. What an exporter drops of a batch that it takes it has not delivered. */
export function dropCounter(counters: (signal: Signal) => ItemCounters, delivers: boolean): DropCounter {
  return {
    dropped(signal, reason, items) {
      const own = counters(signal)
      own.drop(reason, items)
      if (delivers) own.sent -= items
    },
    created(signal, items) {
      counters(signal).created += items
    },
    holding(signal, items) {
      counters(signal).held = items
    },
    refused(signal, reason, requests, items = 0) {
      counters(signal).refuse(reason, requests, items)
    },
  }
}
