import { readdirSync } from 'node:fs'
import type { Kind } from '../component/types.ts'
import type { ItemCounters, Ledger, Observed } from '../pipeline/observe.ts'

type Labels = Record<string, string>
/** A value and the labels it has. */
export type Reading = readonly [value: number, labels?: Labels]

/** One of the agent's own metrics: what reads it is asked at each scrape. */
export interface Instrument {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  read(sources: Sources): Iterable<Reading>
}

export type ReloadResult = 'success' | 'failure'

/** Where the plain numbers are. */
export interface Sources {
  readonly ledger: Ledger
  readonly series: { readonly size: number; readonly sizeBytes: number }
  readonly reloads: Readonly<Record<ReloadResult, number>>
  readonly version: string
}

const reader = (type: Instrument['type']) => (name: string, help: string, read: Instrument['read']) => ({
  name,
  type,
  help,
  read,
})
const counter = reader('counter')
const gauge = reader('gauge')

/** Counters of one kind of component, one reading for each component and signal. */
function items(kind: Kind, name: string, help: string, value: (counts: ItemCounters) => number): Instrument {
  return counter(`millrace_${kind}_${name}_items_total`, help, function* ({ ledger }) {
    for (const observed of ledger) {
      if (observed.kind === kind) yield [value(observed.items), labelsOf(observed, kind)]
    }
  })
}

/** `{ processor, pipeline, signal }`: the label that holds the id is named as its kind. */
function labelsOf({ id, pipeline, signal }: Observed, idLabel: string): Labels {
  return { [idLabel]: id, ...(pipeline !== undefined && { pipeline }), signal }
}

const between = (kind: Kind): Instrument[] => [
  items(kind, 'incoming', `Items that the ${kind} took.`, counts => counts.accepted),
  items(kind, 'outgoing', `Items that the ${kind} handed on and that were taken.`, counts => counts.sent),
  items(kind, 'refused', `Items that the ${kind} did not take; whoever offered them kept them.`, c => c.refused),
]

const flow: Instrument[] = [
  items('receiver', 'accepted', 'Items that came in and that every pipeline took.', counts => counts.accepted),
  items('receiver', 'refused', 'Items that came in and that a pipeline refused.', counts => counts.refused),
  counter(
    'millrace_receiver_refused_requests_total',
    'Requests that a receiver turned away before it handed anything on; their senders kept them.',
    function* ({ ledger }) {
      for (const observed of ledger)
        for (const [reason, count] of observed.items.refusedRequests)
          yield [count, { ...labelsOf(observed, 'receiver'), reason }]
    },
  ),
  ...between('processor'),
  ...between('connector'),
  items('exporter', 'sent', 'Items that the destination took.', counts => counts.sent),
  items('exporter', 'failed', 'Items of attempts that failed; they are sent again or lost.', counts => counts.failed),
  items('exporter', 'refused', 'Items that the exporter did not take; whoever offered them kept them.', c => c.refused),
  counter('millrace_dropped_items_total', 'Items that a component took and did not hand on.', function* ({ ledger }) {
    for (const observed of ledger) {
      const labels = { kind: observed.kind, ...labelsOf(observed, 'component') }
      for (const [reason, count] of observed.items.dropped) yield [count, { ...labels, reason }]
    }
  }),
  counter('millrace_lost_items_total', 'Items that were meant for a destination and are lost.', function* ({ ledger }) {
    for (const observed of ledger) {
      if (observed.kind !== 'exporter') continue
      for (const [reason, count] of observed.items.dropped) yield [count, { ...labelsOf(observed, 'exporter'), reason }]
    }
  }),
  gauge('millrace_held_items', 'Items that a component holds now.', function* ({ ledger }) {
    for (const observed of ledger) {
      if (observed.kind === 'receiver') continue
      yield [observed.items.held, { kind: observed.kind, ...labelsOf(observed, 'component') }]
    }
  }),
  counter(
    'millrace_fanout_partial_total',
    'Batches that some branches of a fan-out took and another did not.',
    ({ ledger }) => [[ledger.fanoutPartial]],
  ),
  counter(
    'millrace_collections_skipped_total',
    'Collections not begun since nothing downstream had room.',
    function* ({ ledger }) {
      for (const [receiver, count] of ledger.skippedCollections) yield [count, { receiver }]
    },
  ),
]

const agent: Instrument[] = [
  counter('millrace_config_reloads_total', 'Reloads of the config that were asked for.', ({ reloads }) =>
    Object.entries(reloads).map(([result, count]) => [count, { result }]),
  ),
  gauge('millrace_series', 'Series that some component retains.', ({ series }) => [[series.size]]),
  gauge('millrace_series_table_bytes', 'Memory of the table of series.', ({ series }) => [[series.sizeBytes]]),
  gauge('millrace_build_info', 'Always 1; the version of the agent and of its Node.js.', ({ version }) => [
    [1, { version, node: process.version }],
  ]),
]

// The names that Prometheus' client libraries give these.
const processes: Instrument[] = [
  counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
    const { user, system } = process.cpuUsage()
    return [[(user + system) / 1e6]]
  }),
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => [[process.memoryUsage.rss()]]),
  gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', () => [
    [performance.timeOrigin / 1000],
  ]),
  gauge('process_open_fds', 'Number of open file descriptors.', openDescriptors),
]

/** Only Linux tells. */
function openDescriptors(): Reading[] {
  try {
    return [[readdirSync('/proc/self/fd').length]]
  } catch {
    return []
  }
}

/** Every metric that is read when it is asked for. */
export const instruments: readonly Instrument[] = [...flow, ...agent, ...processes]
