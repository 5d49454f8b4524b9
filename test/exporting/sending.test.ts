import { describe, expect, test } from 'vitest'
import type { AnyBatch } from '../../src/component/types.ts'
import { shardMetrics } from '../../src/exporting/metric_shape.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import { settle } from '../support/clock.ts'
import { manySeries } from '../support/generate.ts'
import { type Given, names, PLAIN, spans, spansFrom, world } from './world.ts'

const batching = (batch: NonNullable<Given['sending_queue']>['batch'], over: Given['sending_queue'] = {}): Given => ({
  ...PLAIN,
  sending_queue: { batch, ...over },
})

describe('batching', () => {
  test('sends what there is after the flush timeout', async () => {
    const w = await world({ exporters: [batching({ flush_timeout: '1s', min_size: 10 })] })
    await w.offer(spans('a'))
    await w.clock.advance(600)
    await w.offer(spans('b'))
    await w.clock.advance(399)
    expect(w.attempts()).toEqual([])
    await w.clock.advance(1)
    expect(w.attemptsAt()).toEqual(['1000 a+b'])
    expect(w.books()).toMatchObject({ accepted: 2, sent: 2, held: 0 })
  })

  test('sends as soon as there is enough', async () => {
    const w = await world({ exporters: [batching({ min_size: 3 })] })
    for (const name of ['a', 'b', 'c', 'd']) await w.offer(spans(name))
    expect(w.attemptsAt()).toEqual(['0 a+b+c'])
    await w.clock.advance(200)
    expect(w.attempts()).toEqual(['a+b+c', 'd'])
  })

  test('cuts what is more than one request may be', async () => {
    const w = await world({ exporters: [batching({ min_size: 2, max_size: 3 })] })
    await w.offer(spans('a', 'b', 'c', 'd', 'e', 'f', 'g'))
    await w.clock.advance(200)
    expect(w.attempts()).toEqual(['a+b+c', 'd+e+f', 'g'])
    expect(w.books()).toMatchObject({ accepted: 7, sent: 7, held: 0 })
  })

  test('counts in bytes when it is told to', async () => {
    const w = await world({ exporters: [batching({ min_size: 18, max_size: 30, sizer: 'bytes' })] })
    for (const name of ['a', 'b', 'c']) await w.offer(spans(name))
    await w.clock.advance(200)
    expect(w.attempts()).toEqual(['a+b', 'c'])
  })

  test('makes full requests of what has piled up', async () => {
    const w = await world({ exporters: [batching({ min_size: 1, max_size: 3 }, { num_consumers: 1 })] })
    let deliver = (): void => {}
    w.play.answer = () => new Promise<void>(resolve => (deliver = resolve))
    for (const name of ['a', 'b', 'c', 'd', 'e']) await w.offer(spans(name))
    deliver()
    await settle()
    expect(w.attempts()).toEqual(['a', 'b+c+d'])
  })

  test('is on by default, within limits that every receiver of OTLP takes', async () => {
    const w = await world({ exporters: [{}] })
    await w.offer(spans('a'))
    await w.offer(spans('b'))
    expect(w.attempts()).toEqual([])
    await w.clock.advance(200)
    expect(w.attempts()).toEqual(['a+b'])
  })

  test('joins metrics by their columns', async () => {
    const w = await world({ exporters: [batching({ min_size: 5 })] })
    const [one, two] = [manySeries(w.series, 2, i => i), manySeries(w.series, 3, i => i * 10)]
    await w.offer(one)
    await w.offer(two)
    const points = Array.from(w.sent[0].batch as MetricBatch, point => point.value)
    expect(points).toEqual([0, 1, 0, 10, 20])
  })

  test('never joins the data of senders whose metadata differ', async () => {
    const w = await world({ exporters: [batching({ min_size: 100 })] })
    const from = (tenant: string) => ({ receiver: 'r', metadata: new Map([['tenant', [tenant]]]) })
    for (const [tenant, name] of ['xa', 'yb', 'xc', 'yd']) await w.offer(spansFrom(from(tenant), name))
    await w.clock.advance(200)
    expect(w.attempts()).toEqual(['a+c', 'b+d'])
    expect(w.sent.map(({ batch }) => batch.origin.metadata?.get('tenant'))).toEqual([['x'], ['y']])
  })

  test('joins them when they agree in the keys that it is told to look at', async () => {
    const w = await world({ exporters: [batching({ min_size: 100, partition: { metadata_keys: ['tenant'] } })] })
    const from = (user: string) => ({
      receiver: 'r',
      metadata: new Map([
        ['tenant', ['x']],
        ['user', [user]],
      ]),
    })
    await w.offer(spansFrom(from('1'), 'a'))
    await w.offer(spansFrom(from('2'), 'b'))
    await w.clock.advance(200)
    expect(w.attempts()).toEqual(['a+b'])
    expect([...(w.sent[0].batch.origin.metadata ?? [])]).toEqual([['tenant', ['x']]])
  })
})

describe('sending', () => {
  test('has at most num_consumers batches of a signal on their way', async () => {
    const w = await world({ exporters: [{ sending_queue: { batch: { enabled: false }, num_consumers: 3 } }] })
    w.play.answer = () => new Promise<void>(() => {})
    for (const name of ['a', 'b', 'c', 'd', 'e']) await w.offer(spans(name))
    expect(w.attempts()).toEqual(['a', 'b', 'c'])
  })

  test('an attempt that takes too long is ended and made again, and what it still brings changes nothing', async () => {
    const w = await world({ exporters: [{ ...PLAIN, timeout: '2s' }] })
    const signals: AbortSignal[] = []
    const finish: (() => void)[] = []
    w.play.answer = (_, signal) => {
      signals.push(signal)
      return new Promise<void>(resolve => finish.push(resolve))
    }
    await w.offer(spans('a'))
    await w.clock.advance(2000)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    finish[0]()
    await settle()
    expect(w.books()).toMatchObject({ sent: 0, held: 1 })
    await w.clock.advance(5000)
    finish[1]()
    await settle()
    expect(w.attemptsAt()).toEqual(['0 a', '7000 a'])
    expect(w.books()).toEqual({ accepted: 1, sent: 1, held: 0, setAside: 0, lost: {} })
  })

  test('what the destination says it will never take is lost with its reason, the rest is delivered', async () => {
    const w = await world()
    w.play.answer = () => ({ rejected: 2, reason: 'too_old' })
    await w.offer(spans('a', 'b', 'c'))
    expect(w.books()).toEqual({ accepted: 3, sent: 1, held: 0, setAside: 0, lost: { too_old: 2 } })
  })

  test('a destination that claims to have rejected more than it got does not unbalance the books', async () => {
    const w = await world()
    w.play.answer = () => ({ rejected: 20 })
    await w.offer(spans('a', 'b', 'c'))
    expect(w.books()).toEqual({ accepted: 3, sent: 0, held: 0, setAside: 0, lost: { rejected: 3 } })
  })
})

describe('an order to keep', () => {
  test('nothing overtakes a batch that failed', async () => {
    const w = await world({ ordering: 'per_key' })
    w.play.answer = () => {
      if (w.sent.length <= 2) throw new Error('down')
    }
    for (const name of ['a', 'b', 'c']) await w.offer(spans(name))
    expect(w.attempts()).toEqual(['a'])
    await w.clock.advance(12_500)
    expect(w.attemptsAt()).toEqual(['0 a', '5000 a', '12500 a', '12500 b', '12500 c'])
    expect(w.books()).toMatchObject({ accepted: 3, sent: 3 })
  })

  test('is kept for each key by itself', async () => {
    /** A key for each span: its first letter. */
    const shard = (batch: AnyBatch, shards: number) => {
      const parts = Array.from({ length: shards }, (): string[] => [])
      for (const name of names(batch)) parts[name.charCodeAt(0) % shards].push(name)
      return parts.map(list => (list.length > 0 ? spans(...list) : undefined))
    }
    const w = await world({ ordering: 'per_key', over: { shard } })
    let down = true
    w.play.answer = batch => {
      if (down && names(batch)[0].startsWith('a')) throw new Error('not now')
    }
    await w.offer(spans('a1', 'b1'))
    await w.offer(spans('a2', 'b2'))
    expect(w.attempts()).toEqual(['a1', 'b1', 'b2'])
    down = false
    await w.clock.advance(5000)
    expect(w.attempts().slice(3)).toEqual(['a1', 'a2'])
    expect(w.books()).toMatchObject({ accepted: 4, sent: 4, held: 0 })
  })

  test('points of one series are in the same shard, in their order', async () => {
    const w = await world()
    const batch = manySeries(w.series, 100, i => i)
    const shards = shardMetrics(batch, 7)
    const again = shardMetrics(
      manySeries(w.series, 100, i => i),
      7,
    )
    const keys = (parts: (MetricBatch | undefined)[]) =>
      parts.map(part => part && Array.from(part, point => [point.key.hash.join(), point.value]))
    expect(keys(shards)).toEqual(keys(again))
    const values = shards.flatMap(part => (part ? Array.from(part, point => point.value) : []))
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(shards.filter(part => part !== undefined)).toHaveLength(7)
  })
})
