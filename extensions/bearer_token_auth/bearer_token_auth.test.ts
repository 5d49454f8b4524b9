import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { fakeSettings, RecordedLog } from '../../test/support/settings.ts'
import { bearerTokenAuth } from './extension.ts'

function extension(input: object, clock = new FakeClock()) {
  const log = new RecordedLog()
  const settings = fakeSettings({ id: 'bearer_token_auth', kind: 'extension', clock, log })
  const made = bearerTokenAuth.create(bearerTokenAuth.config.parse(input), settings)
  /** What happens to a request with this header. */
  const verdict = async (value?: string, header = 'authorization'): Promise<string> => {
    try {
      await made.serverAuth?.authenticate(name => (name === header && value !== undefined ? [value] : []))
      return 'in'
    } catch (error) {
      return (error as Error).message
    }
  }
  return { ...made, verdict, log, clock }
}

function tokenFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-token-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'token'), text)
  return join(folder, 'token')
}

describe('as the authenticator of a receiver', () => {
  test('lets requests in that carry one of the tokens, and no others', async () => {
    const { verdict } = extension({ tokens: ['one', 'two'] })
    expect(await Promise.all(['Bearer one', 'bearer two'].map(value => verdict(value)))).toEqual(['in', 'in'])
    for (const value of ['Bearer three', 'Bearer on', 'Bearer one ', 'Basic one', 'one', ''])
      expect(await verdict(value)).toBe('the token is not known')
    expect(await verdict()).toBe('no Authorization header')
  })

  test('looks into the header that is named, with or without a scheme', async () => {
    const { verdict } = extension({ token: 'one', header: 'X-Key', scheme: '' })
    expect([await verdict('one', 'x-key'), await verdict('Bearer one', 'x-key'), await verdict('one')]).toEqual([
      'in',
      'the token is not known',
      'no X-Key header',
    ])
  })

  test('takes a token that was added to the file, and no longer one that was removed', async () => {
    const filename = tokenFile('old\nother\n')
    const { verdict, start, clock } = extension({ filename })
    await start?.()
    expect([await verdict('Bearer old'), await verdict('Bearer other')]).toEqual(['in', 'in'])
    writeFileSync(filename, 'brand-new\n')
    await clock.advance(1000)
    expect([await verdict('Bearer brand-new'), await verdict('Bearer old')]).toEqual(['in', 'the token is not known'])
  })

  test('never shows a token in a message', async () => {
    const { verdict, log } = extension({ token: 'TOP-SECRET' })
    expect([await verdict('Bearer wrong-SECRET'), ...log.lines].join()).not.toContain('SECRET')
  })
})

describe('as the authenticator of an exporter', () => {
  test('adds the first token', async () => {
    expect(await extension({ tokens: ['one', 'two'] }).clientAuth?.headers()).toEqual({ authorization: 'Bearer one' })
    expect(await extension({ token: 'k', header: 'X-Key', scheme: '' }).clientAuth?.headers()).toEqual({ 'x-key': 'k' })
  })

  test('adds the token that is in the file now, and the last one while the file is away', async () => {
    const filename = tokenFile('old\n')
    const { clientAuth, start, clock, log } = extension({ filename })
    await start?.()
    writeFileSync(filename, 'brand-new\n')
    await clock.advance(5000)
    expect(await clientAuth?.headers()).toEqual({ authorization: 'Bearer brand-new' })
    rmSync(filename)
    await clock.advance(5000)
    expect(await clientAuth?.headers()).toEqual({ authorization: 'Bearer brand-new' })
    expect(log.lines).toEqual([
      "warn: can't read the file of extensions.bearer_token_auth.filename; what it held stays in use",
    ])
  })
})

test('a file that is not there keeps the agent from starting, and names its key', async () => {
  await expect(extension({ filename: '/nowhere/token' }).start?.()).rejects.toThrow(
    "extensions.bearer_token_auth.filename: can't read /nowhere/token (ENOENT)",
  )
})

test('a config without a token is refused', () => {
  expect(bearerTokenAuth.config.safeParse({ scheme: 'Bearer' }).error?.issues[0].message).toBe(
    'one of token, tokens and filename is needed',
  )
})
