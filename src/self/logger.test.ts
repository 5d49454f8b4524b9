import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { createLogger, type LogsConfig } from './logger.ts'

function recorded(config: Partial<LogsConfig> = {}) {
  const lines: string[] = []
  const clock = new FakeClock(Date.UTC(2026, 0, 31, 9, 30))
  const destination = { write: (line: string) => void lines.push(line) }
  const log = createLogger({ level: 'info', encoding: 'json', ...config }, { clock, destination })
  return { log, clock, lines, entries: () => lines.map(line => JSON.parse(line)) }
}

describe('the log', () => {
  test('writes an entry as one line of JSON with time, level, who and fields', () => {
    const { log, entries } = recorded()
    log.child({ kind: 'exporter', component: 'loki/prod' }).info('sent', { items: 3 })
    expect(entries()).toEqual([
      {
        level: 'info',
        time: '2026-01-31T09:30:00.000Z',
        kind: 'exporter',
        component: 'loki/prod',
        items: 3,
        msg: 'sent',
      },
    ])
  })

  test('writes lines for people', () => {
    const { log, lines } = recorded({ encoding: 'console' })
    log.child({ kind: 'processor', component: 'batch', pipeline: 'logs/web' }).warn('slow', { path: 'a b', ms: 12 })
    log.error('failed', { error: new Error('disk full') })
    expect(lines).toEqual([
      '2026-01-31T09:30:00.000Z WARN  processor batch in logs/web: slow path="a b" ms=12\n',
      '2026-01-31T09:30:00.000Z ERROR failed error="disk full"\n',
    ])
  })

  test('an entry is one line on the console whatever it says, save the stack of a fault in the program', () => {
    const { log, lines } = recorded({ encoding: 'console' })
    log.info('one\n2026 ERROR forged\u001b[2J', { name: 'x\ny' })
    log.error('request failed', { error: new TypeError('x is not a function') })
    expect(lines[0]).toBe('2026-01-31T09:30:00.000Z INFO  one\\n2026 ERROR forged\\u001b[2J name="x\\ny"\n')
    expect(lines[1]).toMatch(/^\S+ ERROR request failed error="x is not a function"\nTypeError: .*\n +at /)
  })

  test('leaves out what is below its level, for children that were made before it changed too', () => {
    const { log, entries } = recorded({ level: 'warn' })
    const child = log.child({ component: 'node' })
    child.info('unheard')
    log.configure({ level: 'debug', encoding: 'json' })
    child.debug('heard')
    expect(entries().map(entry => entry.msg)).toEqual(['heard'])
  })

  test('changes its encoding', () => {
    const { log, lines } = recorded()
    log.configure({ level: 'info', encoding: 'console' })
    log.info('now readable')
    expect(lines).toEqual(['2026-01-31T09:30:00.000Z INFO  now readable\n'])
  })

  test('never shows a secret', () => {
    const { log, lines } = recorded()
    log.info('request', {
      authorization: 'Bearer hush',
      headers: { Authorization: 'hush' },
      config: { password: 'hush' },
    })
    expect(lines[0]).not.toContain('hush')
    expect(lines[0]).toContain('[redacted]')
  })
})

describe('warnings that repeat', () => {
  test('are written once, then as a count a minute, until one passes without any', async () => {
    const { log, clock, entries } = recorded()
    const child = log.child({ component: 'loki' })
    for (let attempt = 1; attempt <= 5; attempt++) child.warn('not sent', { attempt })
    expect(entries()).toMatchObject([{ msg: 'not sent', attempt: 1 }])
    await clock.advance(60_000)
    child.warn('not sent', { attempt: 6 })
    await clock.advance(120_000)
    child.warn('not sent', { attempt: 7 })
    expect(entries().map(({ msg, attempt }) => [msg, attempt])).toEqual([
      ['not sent', 1],
      ['not sent (4 more in the last minute)', 5],
      ['not sent (1 more in the last minute)', 6],
      ['not sent', 7],
    ])
  })

  test('are told apart by text, level and component', () => {
    const { log, lines } = recorded()
    log.child({ component: 'a' }).warn('x')
    log.child({ component: 'b' }).warn('x')
    log.child({ component: 'a' }).error('x')
    log.child({ component: 'a' }).warn('y')
    expect(lines).toHaveLength(4)
  })

  test('are counted in the end, and leave no timer', () => {
    const { log, clock, entries } = recorded()
    log.warn('x')
    log.warn('x')
    log.close()
    expect(entries().map(entry => entry.msg)).toEqual(['x', 'x (1 more in the last minute)'])
    expect(clock.pending).toBe(0)
  })

  test('take bounded memory: of too many different ones the oldest is forgotten', () => {
    const { log, clock, entries } = recorded()
    log.warn('first')
    log.warn('first')
    for (let i = 0; i < 1500; i++) log.warn(`other ${i}`)
    expect(clock.pending).toBe(1000)
    expect(entries().map(entry => entry.msg)).toContain('first (1 more in the last minute)')
  })

  test('cost nothing below the level', () => {
    const { log, clock } = recorded({ level: 'error' })
    log.warn('unheard')
    expect(clock.pending).toBe(0)
  })
})
