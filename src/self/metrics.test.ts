import { afterEach, describe, expect, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { Ledger } from '../pipeline/observe.ts'
import { createOwnMetrics, type OwnMetrics } from './metrics.ts'

const made: OwnMetrics[] = []
afterEach(() => Promise.all(made.splice(0).map(metrics => metrics.shutdown())))

function make() {
  const ledger = new Ledger()
  const clock = new FakeClock()
  const series = { size: 7, sizeBytes: 4096 }
  const metrics = createOwnMetrics({ ledger, clock, series, version: '1.2.3' })
  made.push(metrics)
  return { ledger, clock, metrics }
}
const samples = (page: string) => page.split('\n').filter(line => line && !line.startsWith('#'))

describe('own metrics', () => {
  test('count what passes each component, as the ledger does', async () => {
    const { ledger, metrics } = make()
    ledger.counters('receiver', 'node', 'metrics').accepted = 40
    Object.assign(ledger.counters('processor', 'batch', 'metrics', 'metrics/host'), {
      accepted: 40,
      sent: 30,
      held: 10,
    })
    const loki = ledger.counters('exporter', 'loki', 'logs')
    Object.assign(loki, { sent: 5, failed: 3 })
    loki.drop('rejected', 2)
    ledger.fanoutPartial = 1
    ledger.skippedCollections.set('node', 4)
    metrics.reloaded('failure')
    expect(samples(await metrics.page())).toEqual(
      expect.arrayContaining([
        'millrace_receiver_accepted_items_total{receiver="node",signal="metrics"} 40',
        'millrace_receiver_refused_items_total{receiver="node",signal="metrics"} 0',
        'millrace_processor_incoming_items_total{processor="batch",pipeline="metrics/host",signal="metrics"} 40',
        'millrace_processor_outgoing_items_total{processor="batch",pipeline="metrics/host",signal="metrics"} 30',
        'millrace_held_items{kind="processor",component="batch",pipeline="metrics/host",signal="metrics"} 10',
        'millrace_exporter_sent_items_total{exporter="loki",signal="logs"} 5',
        'millrace_exporter_failed_items_total{exporter="loki",signal="logs"} 3',
        'millrace_lost_items_total{exporter="loki",signal="logs",reason="rejected"} 2',
        'millrace_dropped_items_total{kind="exporter",component="loki",signal="logs",reason="rejected"} 2',
        'millrace_fanout_partial_total 1',
        'millrace_collections_skipped_total{receiver="node"} 4',
        'millrace_config_reloads_total{result="success"} 0',
        'millrace_config_reloads_total{result="failure"} 1',
        'millrace_series 7',
        'millrace_series_table_bytes 4096',
        `millrace_build_info{version="1.2.3",node="${process.version}"} 1`,
      ]),
    )
  })

  test('follow the numbers from one scrape to the next', async () => {
    const { ledger, metrics } = make()
    const items = ledger.counters('exporter', 'loki', 'logs')
    items.sent = 5
    await metrics.page()
    items.sent = 8
    expect(samples(await metrics.page())).toContain(
      'millrace_exporter_sent_items_total{exporter="loki",signal="logs"} 8',
    )
  })

  test('tell what the process uses', async () => {
    const page = await make().metrics.page()
    for (const name of ['cpu_seconds_total', 'resident_memory_bytes', 'start_time_seconds']) {
      expect(page).toMatch(new RegExp(`^process_${name} \\d`, 'm'))
    }
  })

  test('each family says what it is, and nothing of the SDK is added', async () => {
    const page = await make().metrics.page()
    expect(page).not.toMatch(/otel_scope|target_info|description missing/)
    const types = page.match(/^# TYPE \S+/gm) ?? []
    expect(page.match(/^# HELP \S+ \S/gm)).toHaveLength(types.length)
    expect(new Set(types).size).toBe(types.length)
  })

  test('show how late timers come, from the load on', async () => {
    const { clock, metrics } = make()
    expect(clock.pending).toBe(0)
    await metrics.load()
    await clock.advance(500)
    const late = clock.monotonicMs.bind(clock)
    clock.monotonicMs = () => late() + 30
    await clock.advance(250)
    clock.monotonicMs = late
    expect(samples(await metrics.page())).toEqual(
      expect.arrayContaining([
        'millrace_event_loop_delay_seconds_count 3',
        'millrace_event_loop_delay_seconds_bucket{le="0.025"} 2',
        'millrace_event_loop_delay_seconds_bucket{le="0.05"} 3',
      ]),
    )
  })

  test('leave no timer behind, also when they were never loaded', async () => {
    const { clock, metrics } = make()
    await metrics.load()
    await metrics.shutdown()
    expect(clock.pending).toBe(0)
    const other = make()
    await other.metrics.shutdown()
    expect(other.clock.pending).toBe(0)
    made.length = 0
  })
})
