import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MisconfiguredError, PermanentError, ThrottledError } from '../../src/component/errors.ts'
import { settle } from '../support/clock.ts'
import { imbalances } from '../support/ledger.ts'
import { type Answer, type Given, PLAIN, spans, world } from './world.ts'

const never = () => new Promise<void>(() => {})
const down = () => {
  throw new Error('down')
}

describe('the end of the agent', () => {
  test('sends what still waits for more', async () => {
    const w = await world({ exporters: [{ sending_queue: { batch: { flush_timeout: '1h', min_size: 1000 } } }] })
    await w.offer(spans('a'))
    expect(await w.stop(4000)).toEqual([])
    expect(w.books()).toEqual({ accepted: 1, sent: 1, held: 0, setAside: 0, lost: {} })
    expect(w.clock.pending).toBe(0)
  })

  test('tries at once what waits to be sent again, and then more often than else', async () => {
    const w = await world()
    w.play.answer = () => {
      if (w.sent.length < 4) throw new Error('down')
    }
    await w.offer(spans('a'))
    await w.clock.advance(5000)
    expect(await w.stop(4000)).toEqual([])
    expect(w.attemptsAt()).toEqual(['0 a', '5000 a', '5000 a', '6000 a'])
    expect(w.books()).toMatchObject({ sent: 1, held: 0, lost: {} })
  })

  test('still leaves alone who asked for it', async () => {
    const w = await world()
    w.play.answer = () => {
      if (w.sent.length === 1) throw new ThrottledError('429', 2000)
    }
    await w.offer(spans('a'))
    expect(await w.stop(4000)).toEqual([])
    expect(w.attemptsAt()).toEqual(['0 a', '2000 a'])
  })

  test('counts as lost what is not delivered by the deadline, and ends the attempts', async () => {
    const w = await world({
      exporters: [{ timeout: 0, sending_queue: { batch: { enabled: false }, num_consumers: 1 } }],
    })
    let aborted: AbortSignal | undefined
    let deliver = (): void => {}
    w.play.answer = (_, signal) => {
      aborted = signal
      return new Promise<void>(resolve => (deliver = resolve))
    }
    await w.offer(spans('a'))
    await w.offer(spans('b', 'c'))
    expect(await w.stop(4000)).toEqual([expect.stringMatching('e did not stop before the deadline')])
    expect(aborted?.aborted).toBe(true)
    expect(w.books()).toEqual({ accepted: 3, sent: 0, held: 0, setAside: 0, lost: { shutdown: 3 } })
    deliver()
    await w.clock.advance(1)
    expect(w.books()).toMatchObject({ sent: 0, lost: { shutdown: 3 } })
    expect(w.ledger.counters('exporter', 'e', 'traces').failed).toBe(0)
    expect(w.pipelines.budget.usedBytes).toBe(0)
    expect(w.clock.pending).toBe(0)
  })

  test('refuses new data', async () => {
    const w = await world()
    w.play.answer = never
    await w.offer(spans('a'))
    const stopping = w.stop(1000)
    await settle()
    expect(w.admission.reserve(1)).toMatchObject({ refused: true })
    expect(await w.offer(spans('b'))).toBe('refused: shutting_down (exporters.e.sending_queue)')
    await stopping
    expect(w.books()).toMatchObject({ accepted: 1, lost: { shutdown: 1 } })
  })

  test('lets every exporter have the whole time', async () => {
    const w = await world({ exporters: [PLAIN, { ...PLAIN, timeout: 0 }] })
    w.play.answer = () => (w.sent.at(-1)?.exporter === 'e2' ? never() : down())
    await w.offer(spans('a'))
    const stopping = w.stop(4000)
    w.play.answer = () => {}
    await stopping
    expect([w.books('e'), w.books('e2')]).toMatchObject([{ sent: 1, lost: {} }, { lost: { shutdown: 1 } }])
  })
})

/** Ways in which a destination can behave, one for each attempt. */
const ANSWERS: Record<string, Answer> = {
  takes: () => {},
  takes_part: () => ({ rejected: 1 }),
  fails: down,
  rejects: () => Promise.reject<undefined>(new PermanentError('400')),
  throttles: () => Promise.reject<undefined>(new ThrottledError('429', 3000)),
  misconfigured: () => Promise.reject<undefined>(new MisconfiguredError('401', 'headers')),
  hangs: never,
}

describe('the books', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ offer: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 2, arbitrary: fc.record({ advance: fc.constantFrom(1, 200, 5000, 70_000) }) },
    { weight: 2, arbitrary: fc.record({ answer: fc.constantFrom(...Object.keys(ANSWERS)) }) },
  )
  const settings = fc.record({
    queue_size: fc.constantFrom('40B', '200B', '64MiB'),
    on_full: fc.constantFrom('reject', 'drop_oldest', 'drop_new'),
    num_consumers: fc.constantFrom(1, 3),
    wait_for_result: fc.boolean(),
    batch: fc.constantFrom({ enabled: false }, { min_size: 4, max_size: 4 }, { min_size: 2 }),
  })

  test('balance at every moment under every mixture of faults, and nothing is left when the agent has ended', async () => {
    const run = fc.asyncProperty(
      settings,
      fc.constantFrom('0s', '30s'),
      fc.constantFrom('none', 'per_key'),
      fc.array(step, { maxLength: 40 }),
      async (sending_queue, max_elapsed_time, ordering, steps) => {
        const given = { sending_queue, retry_on_failure: { max_elapsed_time } } as Given
        const w = await world({ exporters: [given], ordering: ordering as 'none' })
        for (const now of steps) {
          if ('offer' in now) await w.offer(spans(...'abcdef'.slice(0, now.offer)))
          else if ('advance' in now) await w.clock.advance(now.advance)
          else w.play.answer = ANSWERS[now.answer]
          expect(imbalances(w.ledger, false)).toEqual([])
        }
        await w.stop(4000)
        expect(imbalances(w.ledger)).toEqual([])
        const { accepted, sent, held, setAside, lost } = w.books()
        expect([held, setAside]).toEqual([0, 0])
        expect(sent + Object.values(lost).reduce((sum, items) => sum + items, 0)).toBe(accepted)
        expect([w.pipelines.budget.usedBytes, w.state().queueBytes, w.clock.pending]).toEqual([0, 0, 0])
      },
    )
    await fc.assert(run, { numRuns: 150, seed: 42 })
  })
})
