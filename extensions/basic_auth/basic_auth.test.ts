import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { fakeSettings, RecordedLog } from '../../test/support/settings.ts'
import { basicAuth } from './extension.ts'
import { parseHtpasswd } from './htpasswd.ts'

// Made with `openssl passwd -apr1|-1 -salt saltsalt`, `openssl passwd -apr1` of a password of 40 letters, and sha1 of coreutils.
const USERS = `
# who may send
plain:swordfish
apr:$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/
md5:$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/
long:$apr1$saltsalt$2mFfzhmPOknAGlGo8.2/30
sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=
ssha:{SSHA}kp14nRiBA0c1Ay7qqISQ3s3Q6pVTQUxU
`

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-htpasswd-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

async function extension(input: object, clock = new FakeClock()) {
  const log = new RecordedLog()
  const made = basicAuth.create(
    basicAuth.config.parse(input),
    fakeSettings({ id: 'basic_auth', kind: 'extension', clock, log }),
  )
  await made.start?.()
  onTestFinished(() => made.shutdown?.(AbortSignal.abort()))
  const send = async (header?: string): Promise<string> => {
    try {
      await made.serverAuth?.authenticate(name => (name === 'authorization' && header !== undefined ? [header] : []))
      return 'in'
    } catch (error) {
      return (error as Error).message
    }
  }
  const login = (user: string, password: string) =>
    send(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`)
  return { ...made, send, login, log, clock }
}

const WRONG = 'the user or the password is wrong'

describe('as the authenticator of a receiver', () => {
  test.each(['plain', 'apr', 'md5', 'sha', 'ssha'])('takes a password that is kept as %s', async user => {
    const { login } = await extension({ htpasswd: { inline: USERS } })
    const password = user === 'plain' ? 'swordfish' : 'password'
    expect(await login(user, password)).toBe('in')
    expect([await login(user, `${password}x`), await login(user, ''), await login(`${user}x`, password)]).toEqual([
      WRONG,
      WRONG,
      WRONG,
    ])
  })

  test('takes a password longer than a block of MD5', async () => {
    const { login } = await extension({ htpasswd: { inline: USERS } })
    expect(await login('long', 'x'.repeat(40))).toBe('in')
  })

  test('takes a bcrypt password, and the second time without computing the hash', async () => {
    const inline = `job:${hashSync('tide:pool', 4)}\nslow:${hashSync('x', 4)}`
    const { login } = await extension({ htpasswd: { inline } })
    expect(await login('job', 'wrong')).toBe(WRONG)
    expect(await login('job', 'tide:pool')).toBe('in')
    expect(await login('nobody', 'tide:pool')).toBe(WRONG)
    expect(await login('job', 'tide:pool')).toBe('in')
  })

  test('refuses logins for a while when too many wait for bcrypt', async () => {
    const { login } = await extension({ htpasswd: { inline: `job:${hashSync('x', 6)}` } })
    const answers = await Promise.all(Array.from({ length: 80 }, (_, i) => login('job', `wrong ${i}`)))
    expect(answers.filter(answer => answer === WRONG)).toHaveLength(64)
    expect(answers.filter(answer => answer === 'refused: too_many_logins (basic_auth)')).toHaveLength(16)
  })

  test.each([undefined, 'Bearer x', 'Basic', 'Basic !!!', `Basic ${Buffer.from('nocolon').toString('base64')}`])(
    'refuses the header %s',
    async header => {
      const { send } = await extension({ htpasswd: { inline: USERS } })
      expect(await send(header)).toBe('no user and password')
    },
  )

  test('reads users from a file, and those that stand in the config count before', async () => {
    const file = join(folder(), 'htpasswd')
    writeFileSync(file, 'plain:other\nfile:only\n')
    const { login } = await extension({ htpasswd: { file, inline: 'plain:swordfish' } })
    expect([await login('plain', 'swordfish'), await login('plain', 'other'), await login('file', 'only')]).toEqual([
      'in',
      WRONG,
      'in',
    ])
  })

  test('never shows a password in a message', async () => {
    const { login, log } = await extension({ htpasswd: { inline: 'a:TOP-SECRET' } })
    expect([await login('a', 'MY-SECRET'), ...log.lines].join()).not.toContain('SECRET')
  })
})

describe('as the authenticator of an exporter', () => {
  const authorization = (login: string) => ({ authorization: `Basic ${Buffer.from(login).toString('base64')}` })

  test('logs in', async () => {
    const { clientAuth } = await extension({ client_auth: { username: 'ü', password: 'p:w' } })
    expect(await clientAuth?.headers()).toEqual(authorization('ü:p:w'))
  })

  test('logs in with the password that is in the file now', async () => {
    const password_file = join(folder(), 'password')
    writeFileSync(password_file, 'old\n')
    const { clientAuth, clock } = await extension({ client_auth: { username: 'u', password_file } })
    expect(await clientAuth?.headers()).toEqual(authorization('u:old'))
    writeFileSync(password_file, 'brand-new\n')
    await clock.advance(5000)
    expect(await clientAuth?.headers()).toEqual(authorization('u:brand-new'))
  })
})

describe('htpasswd', () => {
  test.each([
    ['no colon here', 'line 1 is not user:password'],
    [':password', 'line 1 is not user:password'],
    ['\na:$2y$10$short', 'line 2 has a bcrypt hash that is cut off or malformed'],
    ['a:{SHA}AAAA', 'line 1 has a malformed SHA-1 hash'],
    ['a:$6$salt$hash', 'line 1 has a kind of hash that is not known here: use bcrypt (htpasswd -B)'],
  ])('%s is refused, without showing a password', (text, message) => {
    expect(() => parseHtpasswd(text)).toThrow(message)
  })
})

describe('the config', () => {
  const problems = (input: object) =>
    basicAuth.validate?.(basicAuth.config.parse(input)).map(({ path, message }) => `${path.join('.')}: ${message}`)

  test('has one of the two sides', () => {
    expect(problems({})).toEqual([': one of htpasswd (file or inline) and client_auth is needed'])
    expect(problems({ htpasswd: { inline: 'a:b' }, client_auth: { username: 'a' } })).toEqual([
      'client_auth: either htpasswd or client_auth, not both',
    ])
    expect(problems({ client_auth: { password: 'a' } })).toEqual(['client_auth: a username is needed'])
    expect(problems({ htpasswd: { inline: 'a:$6$b$c' } })?.[0]).toContain('htpasswd.inline: line 1')
  })

  test('says which side it is', () => {
    const provides = (input: object) => basicAuth.provides?.(basicAuth.config.parse(input))
    expect(provides({ htpasswd: { inline: 'a:b' } })).toEqual(['server_auth'])
    expect(provides({ client_auth: { username: 'a' } })).toEqual(['client_auth'])
  })
})
