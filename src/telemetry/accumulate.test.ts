import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cumulativeToDelta, deltaToCumulative, type InitialValue, type Value } from './accumulate.ts'
import { addDistributions, subtractDistributions } from './accumulate_distributions.ts'
import { Accumulator, convertInTurn } from './accumulator.ts'
import { encodeAttributes } from './attributes.ts'
import { FLAG, type MetricBatch } from './metrics/batch.ts'
import { BatchBuilder } from './metrics/batch_builder.ts'
import { counter, type Descriptor, gauge, histogram } from './metrics/descriptor.ts'
import { SeriesTable } from './metrics/series_table.ts'
import type { ExponentialHistogramValue, HistogramValue } from './metrics/values.ts'
import { NO_RESOURCE, NO_SCOPE } from './resource.ts'

const origin = { receiver: 'test' }
interface Given {
  series?: string
  descriptor?: Descriptor
  value: Value | 'stale'
  timeMs: number
  startMs?: number
}
interface Out {
  value: Value | 'stale'
  timeMs: number
  startMs: number
  temporality: string
}

/** An accumulator over a table with a clock, fed with points. */
function world(to: 'delta' | 'cumulative', over: { max?: number; staleMs?: number; initial?: InitialValue } = {}) {
  let now = 0
  const table = new SeriesTable({ nowMs: () => now })
  const accumulator = new Accumulator({
    table,
    to,
    rule: to === 'delta' ? cumulativeToDelta(over.initial ?? 'drop', 1000) : deltaToCumulative,
    maxSeries: over.max ?? 100,
    staleMs: over.staleMs ?? 0,
    nowMs: () => now,
  })
  const batchOf = (points: Given[]): MetricBatch => {
    const builder = new BatchBuilder(table)
    for (const { series = 's', descriptor = counter('c', 'C.'), value, timeMs, startMs = 0 } of points) {
      const from = { ...descriptor, temporality: to === 'delta' ? 'cumulative' : 'delta' } as const
      const given = descriptor.kind === 'gauge' ? descriptor : from
      const ref = builder.ref(table.keys.key(NO_RESOURCE, NO_SCOPE, given, encodeAttributes([['series', series]])))
      builder.at(timeMs, startMs)
      if (value === 'stale') builder.stale(ref)
      else if (typeof value === 'number') builder.number(ref, value)
      else if (typeof value === 'bigint') {
        const bits = BigInt.asUintN(64, value)
        builder.int(ref, Number(bits & 0xffffffffn), Number(bits >> 32n))
      } else builder.distribution(ref, value)
    }
    return builder.finish(origin)
  }
  const read = (batch: MetricBatch): Out[] =>
    Array.from(batch, point => ({
      value: point.stale
        ? 'stale'
        : (point.distribution ??
          (point.isInt ? (BigInt(point.valueHi | 0) << 32n) | BigInt(point.valueLo) : point.value)),
      timeMs: point.timeMs,
      startMs: point.startMs,
      temporality: point.descriptor.temporality,
    }))
  return {
    table,
    accumulator,
    batchOf,
    read,
    advance: (ms: number) => {
      now += ms
    },
    feed(...points: Given[]) {
      const { batch, lost } = accumulator.convert(batchOf(points))
      return { out: read(batch), lost: Object.fromEntries(lost) }
    },
  }
}

describe('delta to cumulative', () => {
  test('adds up from the start of the first delta', () => {
    const { feed } = world('cumulative')
    expect(feed({ value: 2, timeMs: 20, startMs: 10 }).out).toEqual([
      { value: 2, timeMs: 20, startMs: 10, temporality: 'cumulative' },
    ])
    const more = feed({ value: 3, timeMs: 30, startMs: 20 }, { value: 4, timeMs: 40, startMs: 30 }).out
    expect(more.map(({ value, timeMs, startMs }) => [value, timeMs, startMs])).toEqual([
      [5, 30, 10],
      [9, 40, 10],
    ])
  })

  test('int64 stays exact beyond 2^53, also below 0', () => {
    const { feed } = world('cumulative')
    const up: Descriptor = { ...counter('u', ''), monotonic: false }
    const values = [2n ** 53n, 1n, -(2n ** 62n)].map(
      (value, i) => feed({ descriptor: up, value, timeMs: i + 1 }).out[0].value,
    )
    expect(values).toEqual([2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 1n - 2n ** 62n])
  })

  test('series are told apart, and gauges pass', () => {
    const { feed } = world('cumulative')
    feed({ series: 'a', value: 1, timeMs: 1 }, { series: 'b', value: 10, timeMs: 1 })
    const { out } = feed(
      { series: 'a', value: 1, timeMs: 2 },
      { descriptor: gauge('g', ''), value: 7, timeMs: 2 },
      { series: 'b', value: 10, timeMs: 2 },
    )
    expect(out.map(({ value }) => value)).toEqual([2, 7, 20])
    expect(out[1].temporality).toBe('unspecified')
  })

  test('what comes late, twice, from before the start or is no number is lost and counted', () => {
    const { feed } = world('cumulative')
    feed({ value: 1, timeMs: 20, startMs: 10 })
    const { out, lost } = feed(
      { value: 1, timeMs: 20, startMs: 10 },
      { value: 1, timeMs: 15, startMs: 12 },
      { value: 1, timeMs: 30, startMs: 5 },
      { value: Number.NaN, timeMs: 40, startMs: 20 },
      { value: 1, timeMs: 50, startMs: 20 },
    )
    expect(lost).toEqual({ out_of_order: 2, older_start: 1, not_a_number: 1 })
    expect(out.map(({ value }) => value)).toEqual([2])
  })

  test('histograms add count, sum, buckets and extremes, and begin anew with other bounds', () => {
    const { feed } = world('cumulative')
    const descriptor = histogram('h', '')
    const value = (bounds: number[], counts: number[], min: number, max: number): HistogramValue => ({
      count: counts.reduce((a, b) => a + b, 0),
      sum: 1.5,
      min,
      max,
      bounds: Float64Array.from(bounds),
      counts: Float64Array.from(counts),
    })
    feed({ descriptor, value: value([1, 2], [1, 0, 2], 0.5, 9), timeMs: 1, startMs: 1 })
    const [second] = feed({ descriptor, value: value([1, 2], [0, 5, 1], 1.5, 3), timeMs: 2, startMs: 1 }).out
    expect(second.value).toEqual({ ...value([1, 2], [1, 5, 3], 0.5, 9), sum: 3 })
    const [third] = feed({ descriptor, value: value([1], [1, 1], 0, 3), timeMs: 5, startMs: 4 }).out
    expect([third.value, third.startMs]).toEqual([value([1], [1, 1], 0, 3), 4])
  })

  test('past its bound new series are lost, and room comes back when others are stale', () => {
    const w = world('cumulative', { max: 2, staleMs: 1000 })
    expect(w.feed(...['a', 'b', 'c'].map(series => ({ series, value: 1, timeMs: 1 }))).lost).toEqual({ max_streams: 1 })
    w.advance(600)
    w.feed({ series: 'a', value: 1, timeMs: 2 })
    w.advance(600)
    expect(w.feed({ series: 'c', value: 1, timeMs: 3 }, { series: 'a', value: 1, timeMs: 3 }).lost).toEqual({})
    expect(w.accumulator.size).toBe(2)
    w.accumulator.close()
    w.advance(1_000_000)
    w.table.sweep(1000)
    expect(w.table.size).toBe(0)
  })
})

describe('cumulative to delta', () => {
  test('hands on the increase since the point before, beginning at its time', () => {
    const { feed } = world('delta')
    expect(feed({ value: 10, timeMs: 10, startMs: 1 })).toEqual({ out: [], lost: { initial_value: 1 } })
    expect(feed({ value: 15, timeMs: 20, startMs: 1 }).out).toEqual([
      { value: 5, timeMs: 20, startMs: 10, temporality: 'delta' },
    ])
    expect(
      feed({ value: 15n, timeMs: 30, startMs: 1 }, { value: 25n, timeMs: 40, startMs: 1 }).out.map(p => p.value),
    ).toEqual([0, 10n])
  })

  test('a value that fell counts from 0, and so does one with a later start', () => {
    const { feed } = world('delta')
    feed({ value: 10, timeMs: 10, startMs: 1 })
    expect(feed({ value: 4, timeMs: 20 }).out[0]).toMatchObject({ value: 4, startMs: 10 })
    expect(feed({ value: 9, timeMs: 40, startMs: 30 }).out[0]).toMatchObject({ value: 9, startMs: 30 })
  })

  test.each<[InitialValue, number, boolean]>([
    ['drop', 2000, false],
    ['keep', 1, true],
    ['auto', 500, false],
    ['auto', 2000, true],
    ['auto', 3000, false],
  ])('a first value with initial_value %s and start %s', (initial, startMs, kept) => {
    const { feed } = world('delta', { initial })
    expect(feed({ value: 7, timeMs: 3000, startMs }).out).toEqual(
      kept ? [{ value: 7, timeMs: 3000, startMs, temporality: 'delta' }] : [],
    )
    expect(feed({ value: 8, timeMs: 4000, startMs }).out[0]).toMatchObject({ value: 1, startMs: 3000 })
  })

  test('what goes down too is left as it is, stale markers pass', () => {
    const { feed } = world('delta')
    const { out } = feed(
      { descriptor: { ...counter('u', ''), monotonic: false }, value: 3, timeMs: 1 },
      { value: 'stale', timeMs: 1 },
    )
    expect(out.map(({ value, temporality }) => [value, temporality])).toEqual([
      [3, 'cumulative'],
      ['stale', 'delta'],
    ])
  })

  test('points that another one is not later than are lost and change nothing', () => {
    const { feed } = world('delta')
    feed({ value: 10, timeMs: 10 })
    expect(feed({ value: 20, timeMs: 10 }).lost).toEqual({ out_of_order: 1 })
    expect(feed({ value: 12, timeMs: 11 }).out[0].value).toBe(2)
  })
})

const bucketsOf = fc.record({
  offset: fc.integer({ min: -30, max: 30 }),
  counts: fc.array(fc.nat(50), { maxLength: 12 }),
})
const exponential: fc.Arbitrary<ExponentialHistogramValue> = fc
  .record({
    scale: fc.integer({ min: -2, max: 4 }),
    zeroCount: fc.nat(9),
    zeroThreshold: fc.constantFrom(0, 0, 0.1, 1),
    sum: fc.integer({ min: -1000, max: 1000 }),
    positive: bucketsOf,
    negative: bucketsOf,
  })
  .map(({ positive, negative, ...rest }) => {
    const counts = [...positive.counts, ...negative.counts].reduce((a, b) => a + b, 0)
    const list = ({ offset, counts }: typeof positive) => ({ offset, counts: Float64Array.from(counts) })
    return { ...rest, count: counts + rest.zeroCount, positive: list(positive), negative: list(negative) }
  })

describe('exponential histograms', () => {
  const total = (value: ExponentialHistogramValue): number =>
    [...value.positive.counts, ...value.negative.counts, value.zeroCount].reduce((a: number, b) => a + Number(b), 0)
  /** Observations in (lower, upper], for an upper bound of a bucket of a coarser scale. */
  const below = (value: ExponentialHistogramValue, upper: number): number =>
    Array.from(value.positive.counts, Number).reduce((sum, count, i) => {
      const bound = 2 ** ((value.positive.offset + i + 1) / 2 ** value.scale)
      return bound <= upper * (1 + 1e-9) ? sum + count : sum
    }, 0)

  test('added lose no observation, and each stays within its bucket of the coarser scale', () => {
    fc.assert(
      fc.property(exponential, exponential, (a, b) => {
        const sum = addDistributions(a, b) as ExponentialHistogramValue
        expect(sum.count).toBe(Number(a.count) + Number(b.count))
        expect(total(sum)).toBe(total(a) + total(b))
        expect(sum.sum).toBe(Number(a.sum) + Number(b.sum))
        expect(sum.scale).toBeLessThanOrEqual(Math.min(a.scale, b.scale))
        expect(sum.zeroThreshold).toBeGreaterThanOrEqual(Math.max(a.zeroThreshold, b.zeroThreshold))
        if (a.zeroThreshold !== 0 || b.zeroThreshold !== 0) return
        for (let i = -8; i <= 8; i++) {
          const bound = 2 ** (i / 2 ** sum.scale)
          expect(below(sum, bound)).toBe(below(a, bound) + below(b, bound))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('taken away again leave what was added, at the scale of the sum', () => {
    fc.assert(
      fc.property(exponential, exponential, (a, b) => {
        const sum = addDistributions(a, b) as ExponentialHistogramValue
        const rest = subtractDistributions(sum, a) as ExponentialHistogramValue | undefined
        if (!rest) return expect(sum.zeroThreshold).not.toBe(a.zeroThreshold)
        expect(rest.count).toBe(b.count)
        expect(total(rest)).toBe(total(b))
        expect(rest.scale).toBe(sum.scale)
      }),
    )
  })

  test('that become finer, or lose observations, were reset', () => {
    const value = (scale: number, counts: number[]): ExponentialHistogramValue => ({
      count: counts.reduce((a, b) => a + b, 0),
      scale,
      zeroCount: 0,
      zeroThreshold: 0,
      positive: { offset: 0, counts: Float64Array.from(counts) },
      negative: { offset: 0, counts: new Float64Array(0) },
    })
    expect(subtractDistributions(value(2, [5]), value(1, [1]))).toBe(undefined)
    expect(subtractDistributions(value(1, [1, 5]), value(1, [2, 1]))).toBe(undefined)
    expect(subtractDistributions(value(0, [5]), value(1, [1, 1]))).toMatchObject({ count: 3, scale: 0 })
  })

  test('with more than 160 buckets become coarser', () => {
    const at = (offset: number): ExponentialHistogramValue => ({
      count: 1,
      scale: 5,
      zeroCount: 0,
      zeroThreshold: 0,
      positive: { offset, counts: Float64Array.of(1) },
      negative: { offset: 0, counts: new Float64Array(0) },
    })
    const sum = addDistributions(at(-400), at(400)) as ExponentialHistogramValue
    expect(sum.scale).toBe(2)
    expect(sum.positive.counts.length).toBeLessThanOrEqual(160)
    expect(total(sum)).toBe(2)
  })
})

test('counts beyond 2^53 stay exact', () => {
  const value = (count: bigint): HistogramValue => ({
    count,
    bounds: new Float64Array(0),
    counts: BigUint64Array.of(count),
  })
  const sum = addDistributions(value(2n ** 60n), value(1n)) as HistogramValue
  expect([sum.count, sum.counts[0]]).toEqual([2n ** 60n + 1n, 2n ** 60n + 1n])
  expect(subtractDistributions(sum, value(2n ** 60n))).toMatchObject({ count: 1 })
  expect(subtractDistributions(value(5n), sum)).toBe(undefined)
})

test('deltas of running totals add up to the totals again, less the first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 20 }), increments => {
      const toDelta = world('delta')
      const toTotal = world('cumulative')
      let total = 0
      let last: Value | 'stale' | undefined
      for (const [i, increment] of increments.entries()) {
        total += increment
        for (const { value, timeMs, startMs } of toDelta.feed({ value: total, timeMs: i + 1 }).out)
          last = toTotal.feed({ value, timeMs, startMs }).out[0].value
      }
      expect(last).toBe(total - increments[0])
    }),
  )
})

describe('batches in turn', () => {
  test('one that is rejected changes nothing, and may come again', async () => {
    const w = world('cumulative')
    const taken: Out[][] = []
    let refuse = false
    const send = async (batch: MetricBatch): Promise<void> => {
      if (refuse) throw new Error('no')
      taken.push(w.read(batch))
    }
    const take = convertInTurn(w.accumulator, send, () => {})
    await take(w.batchOf([{ value: 1, timeMs: 1 }]))
    refuse = true
    const again = w.batchOf([
      { value: 2, timeMs: 2 },
      { series: 'new', value: 2, timeMs: 2 },
    ])
    await expect(take(again)).rejects.toThrow('no')
    expect(w.accumulator.size).toBe(1)
    refuse = false
    await take(again)
    expect(taken.flat().map(({ value }) => value)).toEqual([1, 3, 2])
  })

  test('the next waits until the one before was answered for', async () => {
    const w = world('cumulative')
    let answer = (_: boolean): void => {}
    const sent: number[] = []
    const send = (batch: MetricBatch): Promise<void> => {
      sent.push(w.read(batch)[0].value as number)
      return new Promise((resolve, reject) => {
        answer = taken => (taken ? resolve() : reject(new Error('no')))
      })
    }
    const take = convertInTurn(w.accumulator, send, () => {})
    const first = take(w.batchOf([{ value: 1, timeMs: 1 }])).catch(() => 'refused')
    const second = take(w.batchOf([{ value: 2, timeMs: 2 }]))
    await Promise.resolve()
    await Promise.resolve()
    expect(sent).toEqual([1])
    answer(false)
    expect(await first).toBe('refused')
    for (let i = 0; i < 5; i++) await Promise.resolve()
    answer(true)
    await second
    expect(sent).toEqual([1, 2])
  })

  test('lost points are told of once, when the rest was taken', async () => {
    const w = world('cumulative')
    const lost: unknown[] = []
    const take = convertInTurn(
      w.accumulator,
      async () => {},
      (...args) => lost.push(args),
    )
    await take(w.batchOf([{ value: 1, timeMs: 1 }]))
    await take(w.batchOf([{ value: 1, timeMs: 1 }]))
    expect(lost).toEqual([['out_of_order', 1]])
  })
})

test('fresh and lingering stay marked', () => {
  const w = world('cumulative')
  const builder = new BatchBuilder(w.table).at(5)
  const descriptor = { ...counter('c', ''), temporality: 'delta' as const }
  builder.number(builder.ref(w.table.keys.key(NO_RESOURCE, NO_SCOPE, descriptor, encodeAttributes([]))), 1, FLAG.FRESH)
  const { batch } = w.accumulator.convert(builder.finish(origin))
  expect(Array.from(batch, point => point.flags)).toEqual([FLAG.FRESH])
})
