import { describe, expect, test } from 'vitest'
import { FakeClock, settle } from '../../test/support/clock.ts'
import { openAdmission } from '../../test/support/settings.ts'
import type { Admission } from '../component/admission.ts'
import type { CollectFilter, Receiver } from '../component/types.ts'
import type { Collection } from '../telemetry/origin.ts'
import { ReceiverCollections } from './collect.ts'
import { Ledger } from './observe.ts'

const never = new AbortController().signal
const request = (over: { filter?: CollectFilter; maxAgeMs?: number; signal?: AbortSignal } = {}) => ({
  maxAgeMs: 0,
  signal: never,
  ...over,
})

/** A receiver whose collections end when the test says so. */
function receiver() {
  const begun: Collection[] = []
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const collect: Receiver['collect'] = collection => {
    begun.push(collection)
    return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }))
  }
  return { begun, ends, receiver: { collect, collectionIntervalMs: 10_000 } as Receiver }
}

function world(admission: Admission = openAdmission) {
  const clock = new FakeClock()
  const ledger = new Ledger()
  const { begun, ends, receiver: own } = receiver()
  return { clock, ledger, begun, ends, collections: new ReceiverCollections('node', own, clock, admission, ledger) }
}

describe('collections of a receiver', () => {
  test('two scrapes at the same time share one', async () => {
    const { begun, ends, collections } = world()
    const both = Promise.all([collections.collect(request()), collections.collect(request())])
    await settle()
    expect(begun).toHaveLength(1)
    ends[0].resolve()
    expect(await both).toEqual([
      { source: 'node', sequence: 1 },
      { source: 'node', sequence: 1 },
    ])
  })

  test('one that is young enough is not repeated, an older one is', async () => {
    const { begun, ends, clock, collections } = world()
    const first = collections.collect(request())
    await settle()
    ends[0].resolve()
    await first
    await clock.advance(999)
    expect(await collections.collect(request({ maxAgeMs: 1000 }))).toEqual({ source: 'node', sequence: 1 })
    await clock.advance(1)
    void collections.collect(request({ maxAgeMs: 1000 }))
    await settle()
    expect(begun).toHaveLength(2)
  })

  test('a filtered one is partial, runs after the one that is under way, and counts for nobody else', async () => {
    const { begun, ends, collections } = world()
    const full = collections.collect(request())
    const part = collections.collect(request({ filter: { include: ['cpu'] } }))
    await settle()
    expect(begun.map(({ partial }) => partial)).toEqual([false])
    ends[0].resolve()
    await full
    await settle()
    expect(begun.map(({ partial, sequence }) => [partial, sequence])).toEqual([
      [false, 1],
      [true, 2],
    ])
    ends[1].resolve()
    expect(await part).toEqual({ source: 'node', sequence: 2 })
    expect(await collections.collect(request({ maxAgeMs: 1000 }))).toEqual({ source: 'node', sequence: 1 })
  })

  test('one that fails is reported to who asked, and the next one runs', async () => {
    const { begun, ends, collections } = world()
    const first = collections.collect(request())
    await settle()
    ends[0].reject(new Error('no such file'))
    expect(await first).toMatchObject({ error: 'no such file' })
    void collections.collect(request())
    await settle()
    expect(begun).toHaveLength(2)
  })

  test('a scraper that gives up does not end the collection of another', async () => {
    const { begun, ends, collections } = world()
    const hasty = new AbortController()
    const gaveUp = collections.collect(request({ signal: hasty.signal }))
    const patient = collections.collect(request())
    await settle()
    hasty.abort()
    expect(await gaveUp).toMatchObject({ error: expect.stringContaining('in time') })
    ends[0].resolve()
    expect(await patient).toEqual({ source: 'node', sequence: 1 })
    expect(begun).toHaveLength(1)
  })

  test('nothing is read when nothing downstream has room, and that is counted', async () => {
    const full: Admission = {
      reserve: () => ({ refused: true, reason: 'no_room', heldBy: 'exporters.loki', retryAfterMs: 1000 }),
    }
    const { begun, ledger, collections } = world(full)
    expect(await collections.collect(request())).toMatchObject({ error: expect.stringContaining('exporters.loki') })
    expect(begun).toEqual([])
    expect(ledger.skippedCollections.get('node')).toBe(1)
  })

  test('the timer collects at once and then on every interval, leaves out a tick while one runs, and never catches up', async () => {
    const { begun, ends, clock, collections } = world()
    collections.startTimer()
    await settle()
    expect(begun).toHaveLength(1)
    await clock.advance(35_000)
    expect(begun).toHaveLength(1)
    ends[0].resolve()
    await settle()
    await clock.advance(5_000)
    expect(begun).toHaveLength(2)
    ends[1].resolve()
    await settle()
    await clock.advance(10_000)
    expect(begun).toHaveLength(3)
    collections.stop()
    ends[2].resolve()
    await clock.advance(60_000)
    expect(begun).toHaveLength(3)
    expect(clock.pending).toBe(0)
  })
})
