import { expect, test } from 'vitest'
import { gauge } from '../../src/telemetry/metrics/descriptor.ts'
import { Emitter, family } from '../../src/telemetry/metrics/emitter.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import { FakeClock, settle } from '../../test/support/clock.ts'
import { samplesOf } from '../../test/support/samples.ts'
import { RecordedLog } from '../../test/support/settings.ts'
import { type Collector, NoData, type Steps } from './collector.ts'
import { runCollectors } from './run_collectors.ts'

const value = family(gauge('node_test', 'A test.'), 'from')

function world() {
  const clock = new FakeClock()
  const log = new RecordedLog()
  const emitter = new Emitter(new SeriesTable())
  emitter.begin(0)
  const stop = new AbortController()
  const failures = new Map<string, string>()
  const run = (collectors: Record<string, Collector>) =>
    runCollectors(new Map(Object.entries(collectors)), emitter, { clock, log, failures }, [stop.signal])
  const samples = () => samplesOf(emitter.finish({ receiver: 'node' }))
  return { clock, log, stop, run, samples }
}

test('a collector that throws has failed, what it wrote counts, and the others go on', async () => {
  const { run, samples, log } = world()
  const complete = await run({
    bad: {
      collect(to) {
        to.emit(value, 1, 'bad')
        throw new Error('no such luck')
      },
    },
    good: {
      collect(to) {
        to.emit(value, 2, 'good')
      },
    },
  })
  expect(complete).toBe(false)
  expect(samples()).toEqual({
    'node_test{from="bad"}': 1,
    'node_test{from="good"}': 2,
    'node_scrape_collector_success{collector="bad"}': 0,
    'node_scrape_collector_success{collector="good"}': 1,
    'node_scrape_collector_duration_seconds{collector="bad"}': 0,
    'node_scrape_collector_duration_seconds{collector="good"}': 0,
  })
  expect(log.lines).toEqual(['error: collector failed'])
})

test('one without data has success 0, is mentioned for debugging only, and makes nothing incomplete', async () => {
  const { run, samples, log } = world()
  const collect = () => {
    throw new NoData('nothing there')
  }
  expect(await run({ none: { collect } })).toBe(true)
  expect(samples()['node_scrape_collector_success{collector="none"}']).toBe(0)
  expect(log.lines).toEqual(['debug: collector has no data'])
})

test('logs a failure once until it changes or ends', async () => {
  const { run, log } = world()
  let wrong = ''
  const moody: Collector = {
    collect() {
      if (wrong) throw new Error(wrong)
    },
  }
  for (wrong of ['', 'a', 'a', 'b', '', '', 'b']) await run({ moody })
  const failed = 'error: collector failed'
  expect(log.lines).toEqual([failed, failed, 'info: collector works again', failed])
})

test('gives the event loop a turn when 2 ms of reading have passed, and not before', async () => {
  const { run, clock } = world()
  const readsInTurn: number[] = []
  let turn = 0
  const count = () => {
    readsInTurn[turn] = (readsInTurn[turn] ?? 0) + 1
    void clock.advance(0.5)
  }
  let done = false
  const turns = (async () => {
    for (; !done; turn++) await settle()
  })()
  const long = (): Collector => ({
    *collect(): Steps {
      for (let i = 0; i < 10; i++) {
        count()
        yield
      }
    },
  })
  await run({
    first: long(),
    second: long(),
    third: {
      collect() {
        count()
      },
    },
  })
  done = true
  await turns
  expect(readsInTurn.reduce((sum, reads) => sum + reads, 0)).toBe(21)
  expect(Math.max(...readsInTurn.filter(Boolean))).toBe(4)
})

test('one that waits does not hold up the next, and its duration is as long as it took', async () => {
  const { run, clock, samples } = world()
  const order: string[] = []
  const running = run({
    slow: {
      *collect(to): Steps {
        yield new Promise<void>(resolve => clock.after(3000, resolve))
        order.push('slow')
        to.emit(value, 1, 'slow')
      },
    },
    quick: {
      collect() {
        order.push('quick')
      },
    },
  })
  await settle()
  expect(order).toEqual(['quick'])
  await clock.advance(3000)
  expect(await running).toBe(true)
  expect(samples()).toMatchObject({
    'node_test{from="slow"}': 1,
    'node_scrape_collector_duration_seconds{collector="slow"}': 3,
  })
})

test('when the collection is given up, one that waits has failed and never comes back', async () => {
  const { run, stop, samples } = world()
  let cleaned = false
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = run({
    hung: {
      *collect(to): Steps {
        try {
          yield promise
          to.emit(value, 1, 'hung')
        } finally {
          cleaned = true
        }
      },
    },
    quick: {
      collect(to) {
        to.emit(value, 2, 'quick')
      },
    },
  })
  await settle()
  stop.abort(new Error('too late'))
  expect(await running).toBe(false)
  resolve()
  await settle()
  expect(cleaned).toBe(true)
  expect(samples()).toMatchObject({
    'node_test{from="quick"}': 2,
    'node_scrape_collector_success{collector="hung"}': 0,
  })
  expect(samples()).not.toHaveProperty('node_test{from="hung"}')
})

test('a wait that rejects is a failure of its collector', async () => {
  const { run } = world()
  const collect = function* (): Steps {
    yield Promise.reject(new Error('no'))
  }
  expect(await run({ one: { collect } })).toBe(false)
})
