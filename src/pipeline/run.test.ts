import { describe, expect, test } from 'vitest'
import {
  type Journal,
  testConnector,
  testExporter,
  testExtension,
  testProcessor,
  testReceiver,
} from '../../test/support/components.ts'
import { agentConfig, type Given } from '../../test/support/config.ts'
import { generatedLogs } from '../../test/support/generate.ts'
import { imbalances } from '../../test/support/ledger.ts'
import { fakeSettings } from '../../test/support/settings.ts'
import type { Reservable } from '../component/admission.ts'
import { RefusedError } from '../component/errors.ts'
import type { Next, Settings } from '../component/types.ts'
import { Ledger } from './observe.ts'
import { type Attach, Pipelines } from './run.ts'

const never = new AbortController().signal
const patient = () => never

function world() {
  const ledger = new Ledger()
  const clock = fakeSettings().clock
  const attached: string[] = []
  const attach: Attach = ({ id }, kind, pipeline) => {
    attached.push(id)
    const detach = () => void attached.splice(attached.indexOf(id), 1)
    return { settings: fakeSettings({ id, kind, pipeline, clock }), detach }
  }
  return { ledger, attached, pipelines: new Pipelines({ ledger, clock, attach }) }
}

/** A config of one receiver, a processor and two exporters, all writing to `journal`. */
function parts(journal: Journal, nexts: Next[] = []): Given[] {
  return [
    { id: 'r', definition: testReceiver(journal, next => void nexts.push(next)) },
    { id: 'p', definition: testProcessor(journal) },
    { id: 'e1', definition: testExporter({ journal }) },
    { id: 'e2', definition: testExporter({ journal }) },
    { id: 'x', definition: testExtension(journal) },
  ]
}
const WIRING = ['logs: r -> p -> e1 e2']

describe('starting and stopping', () => {
  test('starts extensions, then exporters, then what feeds them, and stops the other way round', async () => {
    const journal: Journal = []
    const { pipelines, attached } = world()
    await pipelines.apply(agentConfig(parts(journal), WIRING, ['x']), patient)
    expect(attached.sort()).toEqual(['e1', 'e2', 'p', 'r', 'x'])
    expect(journal.splice(0)).toEqual(
      ['extension:x', 'exporter:e1', 'exporter:e2', 'processor:p', 'receiver:r'].map(k => `start ${k}`),
    )
    expect(await pipelines.stop(never)).toEqual([])
    expect(journal).toEqual(
      ['receiver:r', 'processor:p', 'exporter:e2', 'exporter:e1', 'extension:x'].map(k => `shutdown ${k}`),
    )
  })

  test('a component that fails to start has everything shut down exactly once, itself included', async () => {
    const journal: Journal = []
    const fails = { start: () => Promise.reject(new Error('no port')) }
    const { pipelines, attached } = world()
    const given = parts(journal).map(part =>
      part.id === 'p' ? { ...part, definition: testProcessor(journal, undefined, fails) } : part,
    )
    await expect(pipelines.apply(agentConfig(given, WIRING, ['x']), patient)).rejects.toThrow('no port')
    expect(journal.filter(line => line.startsWith('start'))).not.toContain('start receiver:r')
    expect(journal.filter(line => line.startsWith('shutdown')).sort()).toEqual(
      ['exporter:e1', 'exporter:e2', 'extension:x', 'processor:p', 'receiver:r'].map(k => `shutdown ${k}`),
    )
    expect(attached).toEqual([])
  })

  test('a component that fails to stop, or never does, keeps nobody else from stopping', async () => {
    const journal: Journal = []
    const deadline = new AbortController()
    const { pipelines } = world()
    const given = parts(journal)
    given[1].definition = testProcessor(journal, undefined, { shutdown: () => new Promise(() => {}) })
    given[2].definition = testExporter({ journal, over: { shutdown: () => Promise.reject(new Error('disk full')) } })
    await pipelines.apply(agentConfig(given, WIRING), patient)
    const stopping = pipelines.stop(deadline.signal)
    setImmediate(() => deadline.abort())
    const failures = (await stopping).map(String)
    expect(failures).toEqual([
      expect.stringMatching(/p did not stop before the deadline/),
      'Error: e1 failed to stop: disk full',
    ])
    expect(journal).toContain('shutdown exporter:e2')
  })

  test('a connector ends one pipeline and begins another', async () => {
    const got: string[] = []
    const nexts: Next[] = []
    const { pipelines, ledger } = world()
    const given: Given[] = [
      { id: 'r', definition: testReceiver([], next => void nexts.push(next)) },
      { id: 'forward', definition: testConnector() },
      { id: 'e', definition: testExporter({ take: (batch, id) => void got.push(`${id} ${batch.itemCount}`) }) },
    ]
    await pipelines.apply(agentConfig(given, ['logs/in: r -> forward', 'logs/out: forward -> e']), patient)
    await nexts[0].logs?.consume(generatedLogs())
    expect(got).toEqual(['e 1'])
    expect(imbalances(ledger)).toEqual([])
  })
})

describe('handing on', () => {
  const send = async (take: (id: string) => Promise<void> | void) => {
    const nexts: Next[] = []
    const { pipelines, ledger } = world()
    const given = parts([], nexts)
    for (const i of [2, 3]) given[i].definition = testExporter({ take: (_, id) => take(id) })
    await pipelines.apply(agentConfig(given, WIRING), patient)
    const outcome = await nexts[0].logs?.consume(generatedLogs()).then(
      () => 'taken',
      error => String(error),
    )
    return { outcome, ledger, items: ledger.counters('receiver', 'r', 'logs') }
  }

  test('a batch that every branch takes is accepted once', async () => {
    const { outcome, items, ledger } = await send(() => {})
    expect([outcome, items.accepted, items.sent, items.refused]).toEqual(['taken', 1, 1, 0])
    expect(imbalances(ledger)).toEqual([])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('an exporter that %s refuses the batch back to the receiver', async (_, fail) => {
    const { outcome, items, ledger } = await send(fail)
    expect([outcome, items.accepted, items.refused]).toEqual(['Error: broken', 0, 1])
    expect(ledger.fanoutPartial).toBe(0)
    expect(imbalances(ledger)).toEqual([])
  })

  test('a fan-out that only one branch takes is refused and counted as partial', async () => {
    const { outcome, ledger } = await send(id => {
      if (id === 'e2') throw new Error('disk error')
    })
    expect(outcome).toBe('Error: disk error')
    expect(ledger.fanoutPartial).toBe(1)
    expect(imbalances(ledger)).toEqual([])
  })

  test('while an exporter does not answer, its items are in flight and nothing is missing', async () => {
    const nexts: Next[] = []
    const { pipelines, ledger } = world()
    const given = parts([], nexts)
    given[2].definition = testExporter({ take: () => new Promise(() => {}) })
    await pipelines.apply(agentConfig(given, WIRING), patient)
    void nexts[0].logs?.consume(generatedLogs())
    await new Promise(resolve => setImmediate(resolve))
    expect(ledger.counters('exporter', 'e1', 'logs').inFlight).toBe(1)
    expect(ledger.counters('exporter', 'e2', 'logs').accepted).toBe(1)
    expect(imbalances(ledger, false)).toEqual([])
  })
})

/** A queue that admission can ask: bounded, refusing, and it takes its reservation from the ticket. */
class FakeQueue implements Reservable {
  readonly name: string
  readonly limitBytes: number
  reservedBytes = 0
  heldBytes = 0
  constructor(name: string, limitBytes: number) {
    this.name = name
    this.limitBytes = limitBytes
  }
  reserve(sizeBytes: number): boolean {
    if (this.heldBytes + this.reservedBytes + sizeBytes > this.limitBytes) return false
    this.reservedBytes += sizeBytes
    return true
  }
  cancel(sizeBytes: number): void {
    this.reservedBytes -= sizeBytes
  }
  take(sizeBytes: number, reserved: number): void {
    this.reservedBytes -= reserved
    if (this.heldBytes + this.reservedBytes + sizeBytes > this.limitBytes) throw new RefusedError('no_room', this.name)
    this.heldBytes += sizeBytes
  }
}

describe('admission', () => {
  async function queued(limits: number[]) {
    const queues = limits.map((limit, i) => new FakeQueue(`e${i + 1}`, limit))
    const settings: Settings[] = []
    const nexts: Next[] = []
    const { pipelines, ledger } = world()
    const given: Given[] = [
      {
        id: 'r',
        definition: testReceiver([], (next, own) => {
          nexts.push(next)
          settings.push(own)
          return undefined
        }),
      },
      ...queues.map(queue => ({
        id: queue.name,
        definition: testExporter({
          delivery: 'push',
          over: { reservable: queue },
          take: batch => queue.take(batch.sizeBytes, batch.origin.ticket?.claim(queue) ?? 0),
        }),
      })),
    ]
    await pipelines.apply(agentConfig(given, [`logs: r -> ${queues.map(queue => queue.name).join(' ')}`]), patient)
    return { queues, admission: settings[0].admission, next: nexts[0], ledger }
  }

  test('reserves in every reachable queue or in none', async () => {
    const { queues, admission } = await queued([100, 10])
    expect(admission.reserve(20)).toMatchObject({ refused: true, heldBy: 'e2' })
    expect(queues.map(queue => queue.reservedBytes)).toEqual([0, 0])
    expect(admission.reserve(8).refused).toBe(false)
    expect(queues.map(queue => queue.reservedBytes)).toEqual([8, 8])
  })

  test('senders that race for the last room never leave a batch on one branch only', async () => {
    const { queues, admission, next, ledger } = await queued([35, 1000])
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const ticket = admission.reserve(9)
        if (ticket.refused) return 'refused'
        await new Promise(resolve => setImmediate(resolve))
        await next.logs?.consume(generatedLogs({ receiver: 'r', ticket }))
        ticket.release()
        return 'taken'
      }),
    )
    expect(outcomes.filter(outcome => outcome === 'taken')).toHaveLength(3)
    expect(queues.map(queue => [queue.heldBytes, queue.reservedBytes])).toEqual([
      [27, 0],
      [27, 0],
    ])
    expect(ledger.fanoutPartial).toBe(0)
  })

  test('gives back what was reserved and not used', async () => {
    const { queues, admission } = await queued([100])
    const ticket = admission.reserve(60)
    if (ticket.refused) throw new Error('refused')
    ticket.release()
    ticket.release()
    expect(queues[0].reservedBytes).toBe(0)
  })
})

describe('reload', () => {
  test('restarts only what changed, with the new one up before the old one goes', async () => {
    const journal: Journal = []
    const { pipelines } = world()
    const given = parts(journal)
    await pipelines.apply(agentConfig(given, WIRING, ['x']), patient)
    journal.length = 0
    const changed = given.map(part => (part.id === 'p' ? { ...part, config: { n: 2 } } : part))
    const { changes } = await pipelines.apply(agentConfig(changed, WIRING, ['x']), patient)
    expect(journal).toEqual(['start processor:p', 'shutdown processor:p'])
    expect(changes).toEqual({ started: ['p'], stopped: ['p'], kept: ['e1', 'e2', 'r', 'x'] })
  })

  test('a kept receiver hands to the new wiring at once', async () => {
    const nexts: Next[] = []
    const got: string[] = []
    const { pipelines, ledger } = world()
    const given = parts([], nexts)
    for (const i of [2, 3]) given[i].definition = testExporter({ take: (_, id) => void got.push(id) })
    await pipelines.apply(agentConfig(given, ['logs: r -> e1']), patient)
    await nexts[0].logs?.consume(generatedLogs())
    await pipelines.apply(agentConfig(given, ['logs: r -> p -> e2']), patient)
    await nexts[0].logs?.consume(generatedLogs())
    expect([nexts.length, got]).toEqual([1, ['e1', 'e2']])
    expect(imbalances(ledger)).toEqual([])
  })

  test('a reload that fails leaves the old graph running and shuts down what it had begun', async () => {
    const journal: Journal = []
    const nexts: Next[] = []
    const { pipelines } = world()
    const given = parts(journal, nexts)
    await pipelines.apply(agentConfig(given, WIRING), patient)
    journal.length = 0
    const changed: Given[] = given.map(part => (part.id === 'e1' ? { ...part, config: { n: 2 } } : part))
    changed[0] = {
      id: 'r',
      config: { n: 2 },
      definition: testReceiver(journal, () => ({ start: () => Promise.reject(new Error('port taken')) })),
    }
    await expect(pipelines.apply(agentConfig(changed, WIRING), patient)).rejects.toThrow('port taken')
    expect(journal).toEqual(['start exporter:e1', 'start receiver:r', 'shutdown receiver:r', 'shutdown exporter:e1'])
    await nexts[0].logs?.consume(generatedLogs())
    await pipelines.stop(never)
    expect(journal.filter(line => line.startsWith('shutdown'))).toHaveLength(6)
  })

  test('a component that uses an extension is restarted with it, and holds on to the new one', async () => {
    const journal: Journal = []
    const used: unknown[] = []
    const { pipelines } = world()
    const given = parts(journal)
    const see = (settings: Settings) => void used.push(settings.extension('x'))
    given[2] = { id: 'e1', definition: testExporter({ journal, seen: see }), uses: ['x'] }
    await pipelines.apply(agentConfig(given, WIRING, ['x']), patient)
    journal.length = 0
    const changed = given.map(part => (part.id === 'x' ? { ...part, config: { n: 2 } } : part))
    await pipelines.apply(agentConfig(changed, WIRING, ['x']), patient)
    expect(journal).toEqual(['start extension:x', 'start exporter:e1', 'shutdown exporter:e1', 'shutdown extension:x'])
    expect(used.length).toBe(2)
    expect(used[0]).not.toBe(used[1])
  })

  test('a component gets no extension that its config does not name', async () => {
    const { pipelines } = world()
    const given = parts([])
    const see = (settings: Settings) => void settings.extension('x')
    given[2] = { id: 'e1', definition: testExporter({ seen: see }) }
    await expect(pipelines.apply(agentConfig(given, WIRING, ['x']), patient)).rejects.toThrow(
      'e1 asks for extension x, which its definition does not declare in uses',
    )
  })

  test('counters go on through a reload', async () => {
    const nexts: Next[] = []
    const { pipelines, ledger } = world()
    const given = parts([], nexts)
    await pipelines.apply(agentConfig(given, WIRING), patient)
    await nexts[0].logs?.consume(generatedLogs())
    const changed = given.map(part => ({ ...part, config: { n: 2 } }))
    await pipelines.apply(agentConfig(changed, WIRING), patient)
    await nexts[1].logs?.consume(generatedLogs())
    expect(ledger.counters('exporter', 'e1', 'logs').sent).toBe(2)
  })
})
