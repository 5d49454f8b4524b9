import { describe, expect, test } from 'vitest'
import type { AnyBatch } from '../../src/component/types.ts'
import { outcome, promptly, spans, spansFrom } from '../../test/exporting/world.ts'
import { FakeClock, settle } from '../../test/support/clock.ts'
import { everyKind } from '../../test/support/generate.ts'
import { fakeSettings, nextOf } from '../../test/support/settings.ts'
import { batch } from './processor.ts'

function made(config: object, answer: (batch: AnyBatch) => Promise<void> = async () => {}) {
  const clock = new FakeClock()
  const got: AnyBatch[] = []
  const next = nextOf(async given => {
    got.push(given)
    return answer(given)
  })
  const settings = fakeSettings({ id: 'batch', kind: 'processor', clock })
  const it = batch.create(batch.config.parse(config), next, settings)
  const names = () =>
    got.map(one => (one.signal === 'traces' ? Array.from(one.spans(), span => span.name).join('+') : one.signal))
  const offer = (given: AnyBatch) =>
    outcome((async () => it[given.signal]?.(given as never, AbortSignal.timeout(1000)))())
  return { clock, settings, it, got, names, offer }
}
const waitingFor = (promises: Promise<string>[]) => Promise.all(promises.map(promise => promptly(promise)))

describe('batch', () => {
  test('hands on what came within the timeout as one, and answers only then', async () => {
    const { clock, names, offer } = made({ timeout: '1s' })
    const sending = [offer(spans('a')), offer(spans('b', 'c'))]
    await clock.advance(999)
    expect(await waitingFor(sending)).toEqual([undefined, undefined])
    await clock.advance(1)
    expect([names(), await waitingFor(sending)]).toEqual([['a+b+c'], ['taken', 'taken']])
    expect(clock.pending).toBe(0)
  })

  test('hands on at once when there is enough', async () => {
    const { names, offer, clock } = made({ send_batch_size: 3 })
    void offer(spans('a', 'b'))
    void offer(spans('c'))
    await settle()
    expect([names(), clock.pending]).toEqual([['a+b+c'], 0])
  })

  test('waits for nothing with a timeout of 0', async () => {
    const { names, offer } = made({ timeout: 0, send_batch_max_size: 0 })
    expect(await promptly(offer(spans('a')))).toBe('taken')
    expect(names()).toEqual(['a'])
  })

  test('cuts what is too large, and answers each sender for the parts that have its items', async () => {
    const { offer, names } = made({ send_batch_size: 2, send_batch_max_size: 2 }, async given => {
      if (given.signal === 'traces' && Array.from(given.spans(), span => span.name).includes('d'))
        throw new Error('no room')
    })
    const sending = [offer(spans('a')), offer(spans('b', 'c', 'd'))]
    expect(await waitingFor(sending)).toEqual(['taken', 'no room'])
    expect(names()).toEqual(['a+b', 'c+d'])
  })

  test('gives everything back to its senders when what is downstream refuses', async () => {
    const { offer } = made({ send_batch_size: 2 }, () => Promise.reject(new Error('full')))
    expect(await waitingFor([offer(spans('a')), offer(spans('b'))])).toEqual(['full', 'full'])
  })

  test('a joined batch has the room that was reserved for its parts', async () => {
    const { offer, got } = made({ send_batch_size: 2 })
    const ticket = (bytes: number) => ({ refused: false as const, claim: () => bytes, release() {} })
    await waitingFor([10, 20].map((bytes, i) => offer(spansFrom({ receiver: 'r', ticket: ticket(bytes) }, String(i)))))
    expect(got[0].origin.ticket?.claim({} as never)).toBe(30)
  })

  test('keeps apart what differs in the metadata that it looks at, and hands on no other', async () => {
    const { clock, got, names, offer } = made({ metadata_keys: ['Tenant'] })
    for (const [tenant, name] of ['xa', 'yb', 'xc'])
      void offer(
        spansFrom(
          {
            receiver: 'r',
            metadata: new Map([
              ['tenant', [tenant]],
              ['user', [name]],
            ]),
          },
          name,
        ),
      )
    await clock.advance(200)
    expect(names()).toEqual(['a+c', 'b'])
    expect(got.map(({ origin }) => [...(origin.metadata ?? [])])).toEqual([[['tenant', ['x']]], [['tenant', ['y']]]])
  })

  test('refuses more combinations of metadata at a time than it may keep', async () => {
    const { clock, offer } = made({ metadata_keys: ['tenant'], metadata_cardinality_limit: 1 })
    const from = (tenant: string) => spansFrom({ receiver: 'r', metadata: new Map([['tenant', [tenant]]]) }, 'a')
    const first = offer(from('x'))
    expect(await promptly(offer(from('y')))).toMatch(/more than 1 combinations of metadata/)
    await clock.advance(200)
    expect(await promptly(first)).toBe('taken')
    void offer(from('y'))
    await clock.advance(200)
  })

  test('keeps the series of metrics while they wait', async () => {
    const { clock, settings, offer } = made({ timeout: '1h' })
    const table = settings.series
    const first = everyKind(table)
    for (let i = 0; i < first.itemCount; i++) table.intern(first.key(i))
    const given = everyKind(table)
    void offer(given)
    for (const id of given.points.series) table.release(id)
    await clock.advance(3_599_999)
    expect(table.sweep(1000)).toBe(0)
    await clock.advance(1)
    expect(table.sweep(1000)).toBe(given.itemCount)
  })

  test('hands on what waits when the agent ends, and takes nothing more', async () => {
    const { it, names, offer } = made({ timeout: '1h' })
    const sending = offer(spans('a'))
    await it.shutdown?.(AbortSignal.timeout(1000))
    expect([names(), await promptly(sending)]).toEqual([['a'], 'taken'])
    expect(await promptly(offer(spans('b')))).toBe('refused: shutting_down (processors.batch)')
  })

  test.each([
    [{ send_batch_max_size: 100 }, /send_batch_max_size.*must not be smaller/s],
    [{ metadata_keys: ['a', 'A'] }, /metadata_keys.*twice/s],
  ])('refuses the setting %o', (config, message) => {
    expect(() => batch.config.parse(config)).toThrow(message)
  })
})
