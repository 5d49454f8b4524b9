import { describe, expect, test } from 'vitest'
import type { Definition } from '../../src/component/define.ts'
import type {
  AnyBatch,
  Connector,
  Delivers,
  Next,
  Processor,
  Receiver,
  Settings,
  Signal,
} from '../../src/component/types.ts'
import type { Collection } from '../../src/telemetry/origin.ts'
import { FakeClock, settle } from './clock.ts'
import { everyKind, generatedLogs, generatedTraces } from './generate.ts'
import { FakeListeners, fakeSettings, nextOf, RecordedDrops } from './settings.ts'

const soon = () => AbortSignal.timeout(5000)
const collection: Collection = { source: 'under-test', sequence: 1, partial: false, complete: true }

/** What is still open of what a component under test may open: routes, timers of its clock, sockets and timers of the process. */
function watch() {
  const clock = new FakeClock()
  const listeners = new FakeListeners()
  const resources = () => process.getActiveResourcesInfo().filter(name => name !== 'Immediate' && name !== 'PipeWrap')
  const before = resources().length
  return {
    clock,
    listeners,
    left: () => ({
      routes: [...listeners.routes.keys()],
      timers: clock.pending,
      resources: Math.max(0, resources().length - before),
    }),
  }
}
const NOTHING_LEFT = { routes: [], timers: 0, resources: 0 }

type Instance = Receiver & Processor & Connector

function instance(definition: Definition, config: unknown, next: Next, settings: Settings): Instance {
  if (definition.kind === 'exporter') return definition.create(config, settings) as Instance
  if (definition.kind === 'extension') return definition.create(config, settings)
  return definition.create(config, next, settings)
}

/** The ways in which what is downstream can answer. */
const DOWNSTREAM: [string, () => Promise<void>, 'taken' | 'rejected' | 'pending'][] = [
  ['takes at once', () => Promise.resolve(), 'taken'],
  ['takes later', () => settle(), 'taken'],
  ['rejects', () => Promise.reject(new Error('downstream says no')), 'rejected'],
  ['never answers', () => new Promise(() => {}), 'pending'],
]

const batchOf = (signal: Signal, settings: Settings): AnyBatch =>
  ({ traces: generatedTraces, metrics: () => everyKind(settings.series), logs: generatedLogs })[signal]()

/**
 * What every component must do, whatever it is: open nothing before `start`, leave nothing after `shutdown` however far it
 * came, and answer for a batch as what is downstream answered.
 */
export function componentContract(definition: Definition, example: unknown): void {
  const config = () => definition.config.parse(example)
  const settingsOf = (world: ReturnType<typeof watch>) =>
    fakeSettings({
      id: definition.type,
      kind: definition.kind,
      clock: world.clock,
      listeners: world.listeners,
      drops: new RecordedDrops(),
    })
  const made = (consume: () => Promise<void> = () => Promise.resolve()) => {
    const world = watch()
    const settings = settingsOf(world)
    return { world, settings, it: instance(definition, config(), nextOf(consume), settings) }
  }

  describe(`${definition.kind} ${definition.type}`, () => {
    test('opens nothing when it is created', async () => {
      const { world, it } = made()
      await settle()
      expect(world.left()).toEqual(NOTHING_LEFT)
      await it.shutdown?.(soon())
    })

    test('shuts down without ever having started', async () => {
      const { world, it } = made()
      await it.shutdown?.(soon())
      expect(world.left()).toEqual(NOTHING_LEFT)
    })

    test('leaves no listener and no timer behind', async () => {
      const { world, it } = made()
      await it.start?.()
      await it.shutdown?.(soon())
      await settle()
      expect(world.left()).toEqual(NOTHING_LEFT)
    })

    test('shuts down while it starts', async () => {
      const { world, it } = made()
      const starting = Promise.resolve(it.start?.()).catch(() => {})
      await it.shutdown?.(soon())
      await starting
      await settle()
      expect(world.left()).toEqual(NOTHING_LEFT)
    })

    if (definition.kind === 'receiver') receiverContract(made)
    if (definition.kind === 'exporter') exporterContract(made, definition.signals)
    if (definition.kind === 'processor') passingContract(made, definition.signals)
    if (definition.kind === 'connector') passingContract(made, Object.keys(definition.converts) as Signal[])
  })
}

type Made = (consume?: () => Promise<void>) => { world: ReturnType<typeof watch>; settings: Settings; it: Instance }

/** Who answers later (a batch that waits for more) does so within this time of its clock. */
const ANSWERED_WITHIN_MS = 60_000
const TURNS = 200

/** How `work` stands once everything that is ready has run; with a clock, after a minute of its time; and what reaches a disk or a network has `realMs` more. */
async function state(
  work: Promise<unknown> | unknown,
  clock?: FakeClock,
  realMs = 0,
): Promise<'taken' | 'rejected' | 'pending'> {
  let now: 'taken' | 'rejected' | 'pending' = 'pending'
  void Promise.resolve(work).then(
    () => {
      now = 'taken'
    },
    () => {
      now = 'rejected'
    },
  )
  for (let turn = 0; turn < TURNS && now === 'pending'; turn++)
    await (clock ? clock.advance(ANSWERED_WITHIN_MS / TURNS) : settle())
  for (const endMs = performance.now() + realMs; now === 'pending' && performance.now() < endMs; ) await settle()
  return now
}

function receiverContract(made: Made): void {
  test.each(DOWNSTREAM)('a collection is answered for when what is downstream %s', async (_, answer, expected) => {
    const { it } = made(answer)
    if (!it.collect) return
    await it.start?.()
    expect(await state(it.collect(collection, undefined, soon()))).toBe(expected)
    await it.shutdown?.(soon())
  })

  test('names each of its collectors once', async () => {
    const { it } = made()
    expect(new Set(it.collectors).size).toBe(it.collectors?.length ?? 0)
    expect(it.collectors === undefined || it.collect !== undefined).toBe(true)
    await it.shutdown?.(soon())
  })
}

function exporterContract(made: Made, signals: readonly Signal[]): void {
  test.each(signals)('takes a batch of %s with every kind of item and loses none uncounted', async signal => {
    const { it, settings, world } = made()
    await it.start?.()
    const batch = batchOf(signal, settings)
    const take = it[signal] as NonNullable<Delivers[Signal]>
    expect(take).toBeTypeOf('function')
    const now = await state((async () => take.call(it, batch as never, soon()))(), world.clock, 3000)
    expect(now).not.toBe('pending')
    const dropped = Object.values((settings.drops as RecordedDrops).counts).reduce((sum, items) => sum + items, 0)
    expect(dropped).toBeLessThanOrEqual(batch.itemCount)
    await it.shutdown?.(soon())
  })
}

function passingContract(made: Made, signals: readonly Signal[]): void {
  for (const signal of signals)
    test.each(DOWNSTREAM)(
      `answers for ${signal} as what is downstream does, when that %s`,
      async (_, answer, expected) => {
        const { it, settings, world } = made(answer)
        await it.start?.()
        const take = it[signal] as (batch: AnyBatch, aborted: AbortSignal) => Promise<void> | void
        const work = (async () => take.call(it, batchOf(signal, settings), soon()))()
        expect(await state(work, world.clock)).toBe(expected)
        await it.shutdown?.(expected === 'pending' ? AbortSignal.abort() : soon())
        await state(work.catch(() => {}))
      },
    )
}
