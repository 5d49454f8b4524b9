import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/component/clock.ts'
import { text } from '../../src/net/answers.ts'
import { createListeners } from '../../src/net/listeners.ts'
import { RecordedLog } from '../support/settings.ts'
import { ask, keepAlive } from './client.ts'

const NEW_CONNECTIONS = 400
const KEPT_ALIVE = 50
const RELOADS = 20

/** A component as a reload sees it: the new one borrows before the old one releases. */
function components(port: number) {
  const listeners = createListeners({ log: new RecordedLog(), clock: systemClock })
  const start = (generation: number) =>
    listeners.http(
      `127.0.0.1:${port}`,
      {
        '/work': async (_, response) => {
          await sleep(1)
          text(response, 200, String(generation))
        },
      },
      { configKey: 'receivers.x.endpoint' },
    )
  return { listeners, start }
}

test('no request is lost while 50 connections are kept, 200 a second are new, and the routes change hands 20 times', async () => {
  const { listeners, start } = components(0)
  let current = await start(0)
  const { port } = current.address
  const seen = new Set<string>()
  let sent = 0
  let answered = 0
  const one = async (agent?: ReturnType<typeof keepAlive>) => {
    sent++
    const { status, body } = await ask(port, '/work', agent && { agent })
    if (status === 200) answered++
    seen.add(body.trim())
  }
  let reloading = true
  const agents = Array.from({ length: KEPT_ALIVE }, keepAlive)
  const kept = agents.map(async agent => {
    while (reloading) await one(agent)
  })
  const fresh = (async () => {
    const running = []
    for (let i = 0; i < NEW_CONNECTIONS; i++) {
      running.push(one())
      await sleep(5)
    }
    await Promise.all(running)
  })()
  for (let reload = 1; reload <= RELOADS; reload++) {
    const old = current
    current = await start(reload)
    // Every fifth fails later on: then the new one goes and the old one serves on.
    if (reload % 5 === 0) [current] = [old, await current.release()]
    else await old.release()
    await listeners.settle()
    await sleep(50)
  }
  reloading = false
  await Promise.all([...kept, fresh])
  expect(answered).toBe(sent)
  expect(sent).toBeGreaterThan(NEW_CONNECTIONS + KEPT_ALIVE)
  expect(seen.size).toBeGreaterThan(RELOADS / 2)
  await listeners.close(AbortSignal.timeout(5000))
  for (const agent of agents) agent.destroy()
})
