import { statfsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { FakeClock, settle } from '../../test/support/clock.ts'
import { systemClock } from '../component/clock.ts'
import { type FsChildEvents, FsProcess } from './fs_process.ts'

const STATS = { size: 1, free: 1, avail: 1, files: 1, filesFree: 1 }
const TIMEOUT = { error: 'mountpoint timeout' }

/** Children that answer for the paths that `answers` lets through, and for themselves unless `deaf`. */
function children(answers: (path: string) => boolean, deaf = false) {
  const clock = new FakeClock()
  const started: { asked: string[]; killed: boolean; events: FsChildEvents; ids: Map<string, number> }[] = []
  const remote = new FsProcess({
    clock,
    timeoutMs: 5000,
    start(events) {
      const child = { asked: [] as string[], killed: false, events, ids: new Map<string, number>() }
      started.push(child)
      return {
        send({ id, path }) {
          if (path === undefined) {
            if (!deaf) events.answered({ id })
            return
          }
          child.asked.push(path)
          child.ids.set(path, id)
          if (answers(path)) events.answered({ id, stats: STATS })
        },
        kill() {
          child.killed = true
        },
      }
    },
  })
  return { clock, started, remote }
}

test('starts no child before it is asked', () => {
  expect(children(() => true).started).toEqual([])
})

test('one hung mount is stuck after the timeout, and the others have their statistics', async () => {
  const { clock, remote, started } = children(path => path !== '/hung')
  const asking = remote.ask(['/a', '/hung', '/b'])
  await clock.advance(5000)
  expect(Object.fromEntries(await asking)).toEqual({ '/a': STATS, '/hung': TIMEOUT, '/b': STATS })
  expect(started[0].killed).toBe(false)
})

test('nobody waits for a stuck mount again, and it is asked once until it answers', async () => {
  const { clock, remote, started } = children(path => path !== '/hung')
  const first = remote.ask(['/hung'])
  await clock.advance(5000)
  await first
  expect(Object.fromEntries(await remote.ask(['/hung', '/a']))).toEqual({ '/hung': TIMEOUT, '/a': STATS })
  expect(started[0].asked).toEqual(['/hung', '/a'])
  expect(clock.pending).toBe(0)

  started[0].events.answered({ id: started[0].ids.get('/hung') as number, stats: STATS })
  const again = remote.ask(['/hung'])
  await clock.advance(5000)
  await again
  expect(started[0].asked).toEqual(['/hung', '/a', '/hung'])
})

test('a child that gives no sign of life is killed and replaced, and its mounts are not waited for again', async () => {
  const { clock, remote, started } = children(() => false, true)
  const first = remote.ask(['/a'])
  await clock.advance(5000)
  expect(Object.fromEntries(await first)).toEqual({ '/a': TIMEOUT })
  expect(Object.fromEntries(await remote.ask(['/a']))).toEqual({ '/a': TIMEOUT })
  expect(started.map(({ killed }) => killed)).toEqual([true, false])
  expect(started[1].asked).toEqual(['/a'])
})

test('when the child ends its mounts have an error that says so, and the next question starts another', async () => {
  const { remote, started } = children(() => false)
  const asking = remote.ask(['/a'])
  started[0].events.ended('it ended with 1')
  expect(Object.fromEntries(await asking)).toEqual({ '/a': { error: 'no statfs process: it ended with 1' } })
  void remote.ask(['/a'])
  expect(started).toHaveLength(2)
})

test('closing kills the child, answers who waits and leaves no timer', async () => {
  const { clock, remote, started } = children(() => false)
  const asking = remote.ask(['/a'])
  await settle()
  remote.close()
  expect(Object.fromEntries(await asking)).toEqual({ '/a': { error: 'no statfs process: the agent stops' } })
  expect([started[0].killed, clock.pending]).toEqual([true, 0])
})

test('with no mount left to ask about, the child is ended', async () => {
  const { remote, started } = children(() => true)
  await remote.ask(['/a'])
  await remote.ask([])
  expect(started[0].killed).toBe(true)
})

test('the real child answers as statfs(2) does, and names errors as the C library does', async () => {
  const remote = new FsProcess({ clock: systemClock, timeoutMs: 20_000 })
  onTestFinished(() => remote.close())
  const { bsize, blocks, files } = statfsSync('/proc')
  const answers = await remote.ask(['/proc', '/no/such/mount'])
  expect(answers.get('/proc')).toMatchObject({ size: blocks * bsize, files })
  expect(answers.get('/no/such/mount')).toEqual({ error: 'no such file or directory' })
})
