import { describe, expect, test } from 'vitest'
import { PermanentError } from '../../src/component/errors.ts'
import { ByteBudget } from '../../src/exporting/budget.ts'
import { WireBatch } from '../../src/telemetry/wire_batch.ts'
import { settle } from '../support/clock.ts'
import { manySeries } from '../support/generate.ts'
import { type Given, outcome, PLAIN, promptly, spans, spansFrom, world } from './world.ts'

/** A queue of so many bytes; a batch of `spans('a')` has nine. */
const queue = (over: Given['sending_queue']): Given => ({
  ...PLAIN,
  sending_queue: { batch: { enabled: false }, num_consumers: 1, ...over },
})
const never = () => new Promise<void>(() => {})

describe('a queue', () => {
  test('takes a batch before it is delivered, and counts it as held', async () => {
    const w = await world()
    w.play.answer = never
    expect(await w.offer(spans('a', 'b'))).toBe('taken')
    expect(w.books()).toEqual({ accepted: 2, sent: 0, held: 2, setAside: 0, lost: {} })
    expect(w.state()).toMatchObject({ queueBytes: 18, queueItems: 2 })
  })

  test('is empty again when everything is delivered', async () => {
    const w = await world()
    await w.offer(spans('a'))
    expect(w.books()).toEqual({ accepted: 1, sent: 1, held: 0, setAside: 0, lost: {} })
    expect(w.state()).toMatchObject({ queueBytes: 0, queueItems: 0, oldestAgeMs: 0, lastSuccessMs: w.clock.nowMs() })
    expect(w.pipelines.budget.usedBytes).toBe(0)
  })

  test('says how old its oldest data is', async () => {
    const w = await world()
    w.play.answer = never
    await w.offer(spans('a'))
    await w.clock.advance(3000)
    await w.offer(spans('b'))
    expect(w.state().oldestAgeMs).toBe(3000)
  })

  test('refuses what it has no room for, by name, and its sender keeps it', async () => {
    const w = await world({ exporters: [queue({ queue_size: 18, sizer: 'bytes' })] })
    w.play.answer = never
    expect([await w.offer(spans('a')), await w.offer(spans('b'))]).toEqual(['taken', 'taken'])
    expect(await w.offer(spans('c'))).toBe('refused: no_room (exporters.e.sending_queue)')
    expect(w.books()).toEqual({ accepted: 2, sent: 0, held: 2, setAside: 0, lost: {} })
  })

  test.each([
    ['a number without a unit counts batches', { queue_size: 2 }, ['taken', 'taken', 'refused']],
    ['items', { queue_size: 3, sizer: 'items' }, ['taken', 'refused', 'refused']],
    ['bytes', { queue_size: '54B' }, ['taken', 'taken', 'taken']],
  ] as const)('is bounded in what its sizer counts: %s', async (_, limits, expected) => {
    const w = await world({ exporters: [queue(limits)] })
    w.play.answer = never
    const got = []
    for (const name of ['a', 'b', 'c']) got.push(await w.offer(spans(name, name)))
    expect(got.map(answer => answer?.split(':')[0])).toEqual(expected)
  })

  test('takes a batch that is larger than the whole queue when it is alone', async () => {
    const w = await world({ exporters: [queue({ queue_size: '5B' })] })
    w.play.answer = never
    expect(w.admission.reserve(9).refused).toBe(false)
    expect(await w.offer(spans('b'))).toMatch(/^refused/)
  })

  test('counts the memory that a batch keeps, and copies a batch that keeps much more than it uses', async () => {
    const w = await world()
    w.play.answer = never
    const body = new Uint8Array(1000)
    const [slice] = spans('a').slices
    body.set(slice, 500)
    await w.offer(new WireBatch('traces', [body.subarray(500, 500 + slice.length)], 1, { receiver: 'r' }))
    expect(w.state().queueBytes).toBe(9)
    body.fill(0)
    expect(w.attempts()).toEqual(['a'])
  })

  test('loses the oldest for the new when it is told to, and counts that', async () => {
    const w = await world({ exporters: [queue({ queue_size: '27B', on_full: 'drop_oldest' })] })
    w.play.answer = never
    for (const name of ['on its way', 'b', 'c']) await w.offer(spans(name.slice(0, 1)))
    expect(await w.offer(spans('d'))).toBe('taken')
    expect(w.books()).toEqual({ accepted: 4, sent: 0, held: 3, setAside: 0, lost: { queue_full: 1 } })
    expect(await w.stop(10)).toHaveLength(1)
    expect(w.books()).toEqual({ accepted: 4, sent: 0, held: 0, setAside: 0, lost: { queue_full: 1, shutdown: 3 } })
    expect(w.log.lines.join()).toContain('lost 1 items of traces (queue_full)')
  })

  test('which of them is lost: the one that came first and is not on its way', async () => {
    const w = await world({ exporters: [queue({ queue_size: '27B', on_full: 'drop_oldest' })] })
    const answers: (() => void)[] = []
    w.play.answer = () => new Promise<void>(resolve => answers.push(resolve))
    for (const name of ['a', 'b', 'c', 'd']) await w.offer(spans(name))
    for (let i = 0; i < 3; i++) {
      answers[i]()
      await settle()
    }
    expect(w.attempts()).toEqual(['a', 'c', 'd'])
    expect(w.books()).toMatchObject({ accepted: 4, sent: 3, held: 0, lost: { queue_full: 1 } })
  })

  test('loses the new when it is told to, and counts that', async () => {
    const w = await world({ exporters: [queue({ queue_size: '18B', on_full: 'drop_new' })] })
    w.play.answer = never
    for (const name of ['a', 'b', 'c']) expect(await w.offer(spans(name))).toBe('taken')
    expect(w.books()).toEqual({ accepted: 3, sent: 0, held: 2, setAside: 0, lost: { queue_full: 1 } })
  })

  test('lets senders wait for room when it is told to, in their order', async () => {
    const w = await world({ exporters: [queue({ queue_size: '18B', block_on_overflow: true })] })
    const answers: (() => void)[] = []
    w.play.answer = () => new Promise<void>(resolve => answers.push(resolve))
    for (const name of ['a', 'b']) await w.offer(spans(name))
    const waiting = [outcome(w.consume(spans('c'))), outcome(w.consume(spans('d')))]
    expect(await promptly(waiting[0])).toBeUndefined()
    expect(w.books()).toMatchObject({ accepted: 2, held: 2 })
    answers[0]()
    expect([await promptly(waiting[0]), await promptly(waiting[1])]).toEqual(['taken', undefined])
    await w.stop(10)
    expect(await promptly(waiting[1])).toBe('refused: shutting_down (exporters.e.sending_queue)')
    expect(w.books()).toMatchObject({ accepted: 3, sent: 1, lost: { shutdown: 2 } })
  })

  test('lets nobody who comes later pass those who wait', async () => {
    const w = await world({ exporters: [queue({ queue_size: '18B', block_on_overflow: true })] })
    const answers: (() => void)[] = []
    w.play.answer = () => new Promise<void>(resolve => answers.push(resolve))
    await w.offer(spans('a'))
    const [long, short] = [outcome(w.consume(spans('long'))), outcome(w.consume(spans('b')))]
    expect([await promptly(long), await promptly(short)]).toEqual([undefined, undefined])
    answers[0]()
    expect([await promptly(long), await promptly(short)]).toEqual(['taken', undefined])
  })

  test('keeps the series of its metrics, and lets go of them afterwards', async () => {
    const w = await world({ exporters: [{ timeout: 0 }] })
    let deliver = (): void => {}
    w.play.answer = () => new Promise<void>(resolve => (deliver = resolve))
    const table = w.series
    const first = manySeries(table, 3, i => i)
    for (let i = 0; i < 3; i++) table.intern(first.key(i))
    const batch = manySeries(table, 3, i => i)
    for (let i = 0; i < 3; i++) table.release(batch.points.series[i])
    await w.offer(batch)
    await w.clock.advance(600_000)
    expect(table.sweep(1000)).toBe(0)
    deliver()
    await settle()
    expect(table.sweep(1000)).toBe(3)
  })
})

describe('waiting for the result', () => {
  const waits = queue({ wait_for_result: true })

  test('the sender is answered when its data is delivered', async () => {
    const w = await world({ exporters: [waits] })
    let deliver = (): void => {}
    w.play.answer = () => new Promise<void>(resolve => (deliver = resolve))
    const sending = outcome(w.consume(spans('a')))
    expect(await promptly(sending)).toBeUndefined()
    expect(w.books()).toMatchObject({ accepted: 0, sent: 0, held: 1 })
    deliver()
    expect(await promptly(sending)).toBe('taken')
    expect(w.books()).toMatchObject({ accepted: 1, sent: 1, held: 0 })
  })

  test('what the destination refuses for good stays with the sender and is not lost', async () => {
    const w = await world({ exporters: [waits] })
    w.play.answer = () => Promise.reject<undefined>(new PermanentError('bad data'))
    expect(await w.offer(spans('a'))).toBe('bad data')
    expect(w.books()).toEqual({ accepted: 0, sent: 0, held: 0, setAside: 0, lost: {} })
  })

  test('of a batch that was cut, nothing counts as sent when one part failed', async () => {
    const w = await world({
      exporters: [{ sending_queue: { wait_for_result: true, batch: { sizer: 'items', min_size: 1, max_size: 1 } } }],
    })
    w.play.answer = batch => {
      if (w.sent.length === 2) throw new PermanentError('bad data')
      return { rejected: batch.itemCount - 1 }
    }
    expect(await w.offer(spans('a', 'b', 'c'))).toBe('bad data')
    expect(w.sent).toHaveLength(3)
    expect(w.books()).toEqual({ accepted: 0, sent: 0, held: 0, setAside: 0, lost: {} })
  })

  test('without a queue the sender waits through every retry', async () => {
    const w = await world({ exporters: [{ ...PLAIN, sending_queue: { enabled: false } }] })
    w.play.answer = () => {
      if (w.sent.length < 3) throw new Error('down')
    }
    const sending = outcome(w.consume(spans('a')))
    await settle()
    await w.clock.advance(5000)
    expect(await promptly(sending)).toBeUndefined()
    await w.clock.advance(7500)
    expect(await promptly(sending)).toBe('taken')
    expect(w.books()).toMatchObject({ accepted: 1, sent: 1 })
  })

  test('what the end of the agent finds waiting goes back to its sender', async () => {
    const w = await world({ exporters: [waits] })
    w.play.answer = never
    const sending = outcome(w.consume(spans('a')))
    await w.stop(10)
    expect(await promptly(sending)).toBe('refused: shutting_down (exporters.e.sending_queue)')
    expect(w.books()).toEqual({ accepted: 0, sent: 0, held: 0, setAside: 0, lost: {} })
  })
})

describe('admission', () => {
  test('asks the queue before data is read', async () => {
    const w = await world({ exporters: [queue({ queue_size: '100B' }), queue({ queue_size: '20B' })] })
    expect(w.admission.reserve(30)).toMatchObject({ refused: false })
    expect(w.admission.reserve(15)).toMatchObject({ refused: true, heldBy: 'exporters.e2.sending_queue' })
  })

  test('senders that race for the last room never leave a batch on one branch only', async () => {
    const w = await world({ exporters: [queue({ queue_size: '35B' }), queue({ queue_size: '1000B' })] })
    w.play.answer = never
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const ticket = w.admission.reserve(9)
        if (ticket.refused) return 'refused'
        await settle()
        await w.consume(spansFrom({ receiver: 'r', ticket }, 'a'))
        ticket.release()
        return 'taken'
      }),
    )
    expect(outcomes.filter(answer => answer === 'taken')).toHaveLength(3)
    expect(w.pipelines.deliveries().map(({ state }) => state.queueBytes)).toEqual([27, 27])
    expect(w.ledger.fanoutPartial).toBe(0)
    expect([w.books('e'), w.books('e2')].map(({ accepted, held }) => [accepted, held])).toEqual([
      [3, 3],
      [3, 3],
    ])
  })

  test('keeps its promise to a batch that has grown a little since', async () => {
    const w = await world({ exporters: [queue({ queue_size: '18B' })] })
    w.play.answer = never
    const [one, two] = [w.admission.reserve(9), w.admission.reserve(9)]
    if (one.refused || two.refused) throw new Error('refused')
    expect(await w.offer(spansFrom({ receiver: 'r', ticket: one }, 'more'))).toBe('taken')
    expect(await w.offer(spansFrom({ receiver: 'r', ticket: two }, 'much, much more'))).toMatch(/^refused/)
  })

  test('does not ask a queue that drops or lets wait', async () => {
    const full = { queue_size: '9B' } as const
    const w = await world({
      exporters: [
        queue({ ...full, on_full: 'drop_new' }),
        queue({ ...full, on_full: 'drop_oldest' }),
        queue({ ...full, block_on_overflow: true }),
      ],
    })
    expect(w.admission.reserve(1000).refused).toBe(false)
  })

  test('asks the budget of the whole process, and so does a queue that nobody asked', async () => {
    const w = await world({ budget: new ByteBudget(20) })
    w.play.answer = never
    await w.offer(spans('a'))
    expect(w.admission.reserve(12)).toMatchObject({ refused: true, heldBy: "the agent's memory budget" })
    expect(await w.offer(spans('bcdef'))).toBe("refused: no_room (the agent's memory budget)")
    expect(w.books()).toMatchObject({ accepted: 1, held: 1 })
  })
})
