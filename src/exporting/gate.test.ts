import { describe, expect, test } from 'vitest'
import { Gate } from './gate.ts'

/** Stays closed for 10 ms the first time, 20 the second. */
const gate = () => new Gate(failure => failure * 10)
const [one, two, three] = [{}, {}, {}]

describe('the gate of a destination', () => {
  test('stays open while one batch fails, however often', () => {
    const it = gate()
    for (let now = 0; now < 10; now++) it.failed(it.enter(now), one, now)
    expect(it.state(10)).toBe('open')
  })

  test('closes when different ones fail and nothing gets through', () => {
    const it = gate()
    it.failed(it.enter(0), one, 0)
    it.failed(it.enter(0), two, 0)
    expect([it.state(9), it.state(10)]).toEqual(['closed', 'probe'])
  })

  test('failures of attempts that began before it closed do not close it for longer', () => {
    const it = gate()
    const passes = [one, two, three].map(who => ({ who, pass: it.enter(0) }))
    for (const { who, pass } of passes) it.failed(pass, who, 0)
    expect(it.opensAtMs).toBe(10)
  })

  test('lets one through at a time, and each failure keeps it closed for longer', () => {
    const it = gate()
    it.failed(it.enter(0), one, 0)
    it.failed(it.enter(0), two, 0)
    const probe = it.enter(10)
    expect(it.state(10)).toBe('closed')
    it.failed(probe, one, 10)
    expect([it.state(29), it.state(30)]).toEqual(['closed', 'probe'])
    it.answered(it.enter(30), true)
    expect([it.state(30), it.successes]).toEqual(['open', 1])
  })

  test('stays closed for who asked to be left alone, also when an earlier attempt succeeds', () => {
    const it = gate()
    const [early, asked] = [it.enter(0), it.enter(0)]
    it.throttle(asked, 100)
    it.answered(early, true)
    expect([it.state(99), it.state(100)]).toEqual(['closed', 'open'])
  })

  test('a batch that is refused for good shows that the destination is there', () => {
    const it = gate()
    it.failed(it.enter(0), one, 0)
    it.failed(it.enter(0), two, 0)
    it.answered(it.enter(10), false)
    expect([it.state(10), it.successes]).toEqual(['open', 0])
  })
})
