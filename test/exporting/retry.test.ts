import { describe, expect, test } from 'vitest'
import { MisconfiguredError, PermanentError, ThrottledError } from '../../src/component/errors.ts'
import { backoffMs } from '../../src/exporting/backoff.ts'
import { chainConfigOf } from '../../src/exporting/config.ts'
import { names, PLAIN, spans, world } from './world.ts'

const down = () => {
  throw new Error('connection refused')
}

describe('a batch that fails', () => {
  test('is sent again after waits that grow to the longest', async () => {
    const w = await world()
    w.play.answer = down
    await w.offer(spans('a'))
    await w.clock.advance(130_000)
    expect(w.attemptsAt().map(line => Number.parseInt(line, 10))).toEqual(
      [0, 5000, 12_500, 23_750, 40_625, 65_937.5, 95_937.5, 125_937.5].map(Math.floor),
    )
    expect(w.books()).toMatchObject({ accepted: 1, held: 1, lost: {} })
    w.play.answer = () => {}
    await w.clock.advance(30_000)
    expect(w.books()).toMatchObject({ sent: 1, held: 0 })
  })

  test('waits are changed at random within the factor', () => {
    const { retry } = chainConfigOf({})
    const waits = (random: number) => [1, 2, 3, 20].map(attempt => backoffMs(retry, attempt, random))
    expect(waits(0)).toEqual([2500, 3750, 5625, 15_000])
    expect(waits(0.5)).toEqual([5000, 7500, 11_250, 30_000])
    expect(waits(1 - Number.EPSILON).map(Math.round)).toEqual([7500, 11_250, 16_875, 45_000])
  })

  test('is lost at once when it can never be accepted, with the reason', async () => {
    const w = await world()
    w.play.answer = batch => {
      throw new PermanentError('400 bad request', names(batch)[0] === 'old' ? { reason: 'too_old' } : {})
    }
    await w.offer(spans('a', 'b'))
    await w.offer(spans('old'))
    expect(w.books()).toEqual({ accepted: 3, sent: 0, held: 0, setAside: 0, lost: { rejected: 2, too_old: 1 } })
    expect(w.log.lines).toContain('warn: lost 2 items of traces (rejected): 400 bad request')
    expect(w.ledger.counters('exporter', 'e', 'traces').failed).toBe(3)
  })

  test('is lost at the first failure when retry is off', async () => {
    const w = await world({ exporters: [{ ...PLAIN, retry_on_failure: { enabled: false } }] })
    w.play.answer = down
    await w.offer(spans('a'))
    expect(w.books()).toEqual({ accepted: 1, sent: 0, held: 0, setAside: 0, lost: { retry_disabled: 1 } })
  })

  test('is given up before it would be tried for longer than max_elapsed_time', async () => {
    const w = await world({
      exporters: [{ ...PLAIN, retry_on_failure: { randomization_factor: 0, max_elapsed_time: '20s' } }],
    })
    w.play.answer = down
    await w.offer(spans('a'))
    await w.clock.advance(60_000)
    expect(w.attemptsAt()).toEqual(['0 a', '5000 a', '12500 a'])
    expect(w.books()).toEqual({ accepted: 1, sent: 0, held: 0, setAside: 0, lost: { retry_expired: 1 } })
  })
})

describe('a destination', () => {
  test('that asks to be left alone gets nothing until then', async () => {
    const w = await world()
    w.play.answer = () => {
      if (w.sent.length === 1) throw new ThrottledError('429', 17_000)
    }
    await w.offer(spans('a'))
    await w.offer(spans('b'))
    await w.clock.advance(16_999)
    await w.offer(spans('c'))
    expect(w.attempts()).toEqual(['a'])
    await w.clock.advance(1)
    expect(w.attempts().slice(1).sort()).toEqual(['a', 'b', 'c'])
    expect(w.books()).toMatchObject({ accepted: 3, sent: 3, held: 0 })
  })

  test('that refuses because of a setting is tried every minute, and health names the key', async () => {
    const w = await world()
    w.play.answer = () => {
      if (w.sent.length < 3) throw new MisconfiguredError('401 unauthorized', 'exporters.e.headers')
    }
    await w.offer(spans('a'))
    expect(w.health).toEqual([['unhealthy', '401 unauthorized: check exporters.e.headers']])
    await w.clock.advance(59_999)
    await w.offer(spans('b'))
    expect(w.attempts()).toEqual(['a'])
    await w.clock.advance(1)
    await w.clock.advance(60_000)
    expect(
      w
        .attemptsAt()
        .slice(0, 3)
        .map(line => Number.parseInt(line, 10)),
    ).toEqual([0, 60_000, 120_000])
    expect(w.books()).toMatchObject({ accepted: 2, sent: 2, lost: {} })
    expect(w.health.at(-1)).toEqual(['healthy', undefined])
  })

  test('that is down costs one attempt an interval, whatever waits, and gets everything when it is back', async () => {
    const w = await world()
    w.play.answer = down
    const list = Array.from({ length: 200 }, (_, i) => `s${i}`)
    for (const name of list) await w.offer(spans(name))
    const early = w.sent.length
    expect(early).toBeLessThanOrEqual(10)
    await w.clock.advance(300_000)
    expect(w.sent.length - early).toBeLessThanOrEqual(15)
    expect(w.health.at(-1)).toEqual(['degraded', 'cannot deliver: connection refused'])
    expect(w.books()).toMatchObject({ accepted: 200, held: 200, lost: {} })
    w.play.answer = () => {}
    w.sent.length = 0
    await w.clock.advance(60_000)
    expect(w.attempts().sort()).toEqual(list.sort())
    expect(w.books()).toMatchObject({ sent: 200, held: 0, setAside: 0 })
    expect(w.health.at(-1)?.[0]).toBe('healthy')
  })

  test('of one signal can be down while another one delivers', async () => {
    const w = await world()
    w.play.answer = batch => (batch.signal === 'traces' ? down() : undefined)
    for (const name of ['a', 'b', 'c']) await w.offer(spans(name))
    const { generatedLogs } = await import('../support/generate.ts')
    await w.offer(generatedLogs())
    expect(w.ledger.counters('exporter', 'e', 'logs').sent).toBe(1)
    expect(w.books()).toMatchObject({ held: 3 })
  })
})

describe('a batch that fails again and again while others are delivered', () => {
  /** Offers something that succeeds every second for so long. */
  const meanwhile = async (w: Awaited<ReturnType<typeof world>>, seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await w.offer(spans('good'))
      await w.clock.advance(1000)
    }
  }
  const poisonous = (w: Awaited<ReturnType<typeof world>>) => {
    w.play.answer = batch => (names(batch)[0].startsWith('poison') ? down() : undefined)
  }

  test('holds nobody up, and is set aside once that has happened ten times', async () => {
    const w = await world()
    poisonous(w)
    await w.offer(spans('poison'))
    await meanwhile(w, 300)
    expect(w.attempts().filter(name => name === 'poison')).toHaveLength(1 + 10)
    expect(w.books()).toEqual({ accepted: 301, sent: 300, held: 0, setAside: 1, lost: {} })
    expect(w.state()).toMatchObject({ queueBytes: 0, setAsideBytes: 14 })
    await w.stop(10)
    expect(w.books()).toEqual({ accepted: 301, sent: 300, held: 0, setAside: 0, lost: { poison: 1 } })
    expect(w.pipelines.budget.usedBytes).toBe(0)
  })

  test('more of them than there are consumers hold nobody up either', async () => {
    const w = await world({ exporters: [{ ...PLAIN, sending_queue: { batch: { enabled: false }, num_consumers: 2 } }] })
    poisonous(w)
    for (let i = 0; i < 5; i++) await w.offer(spans('poison'))
    await meanwhile(w, 1200)
    expect(w.books()).toMatchObject({ sent: 1200, held: 0, setAside: 5, lost: {} })
  })

  test('is lost when more is set aside than a tenth of the queue', async () => {
    const w = await world({
      exporters: [{ ...PLAIN, sending_queue: { batch: { enabled: false }, queue_size: '300B', on_full: 'drop_new' } }],
    })
    poisonous(w)
    for (const name of ['poison1', 'poison2', 'poison3']) await w.offer(spans(name))
    await meanwhile(w, 1000)
    expect(w.books()).toMatchObject({ accepted: 1003, sent: 1000, held: 0, setAside: 2, lost: { poison: 1 } })
  })

  test('an outage is not its fault', async () => {
    const w = await world()
    w.play.answer = down
    for (const name of ['a', 'b']) await w.offer(spans(name))
    await w.clock.advance(3_600_000)
    expect(w.books()).toMatchObject({ held: 2, setAside: 0 })
  })
})
