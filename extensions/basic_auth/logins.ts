import { createHmac, randomBytes } from 'node:crypto'
import { UnauthenticatedError } from '../../src/component/errors.ts'
import type { ServerAuth } from '../../src/component/types.ts'
import type { Bcrypt } from './bcrypt.ts'
import { type Kept, matches } from './htpasswd.ts'

const HEADER = 'authorization'
const CHALLENGE = 'Basic realm="millrace", charset="UTF-8"'
/** Logins that are remembered, so that a slow hash is computed once and not for every request. */
const MAX_REMEMBERED = 1000

/** Lets requests in whose Authorization header names one of `users` and its password. RFC 7617. */
export function createLogins(users: () => ReadonlyMap<string, Kept>, bcrypt: Bcrypt): ServerAuth {
  const key = randomBytes(32)
  /** Keyed digests of headers that were right, with what was kept for the user then. */
  const right = new Map<string, Kept>()
  return {
    headers: [HEADER],
    authenticate(values) {
      const [header] = values(HEADER)
      const login = header === undefined ? undefined : parseLogin(header)
      if (!login) throw new UnauthenticatedError('no user and password', CHALLENGE)
      const kept = users().get(login.user)
      const digest = createHmac('sha256', key).update(header).digest('base64')
      if (kept && right.get(digest) === kept) return
      return check(login.password, kept ?? anyOf(users()), known => {
        if (!known || !kept) throw new UnauthenticatedError('the user or the password is wrong', CHALLENGE)
        if (right.size >= MAX_REMEMBERED) right.delete(right.keys().next().value as string)
        right.set(digest, kept)
      })
    },
  }

  function check(password: string, kept: Kept, then: (known: boolean) => void): void | Promise<void> {
    const known = matches(password, kept, bcrypt)
    return typeof known === 'boolean' ? then(known) : known.then(then)
  }
}

/** A user who is not there takes as long as one who is. */
function anyOf(users: ReadonlyMap<string, Kept>): Kept {
  return users.values().next().value ?? { kind: 'plain', password: randomBytes(16).toString('hex') }
}

function parseLogin(header: string): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(header) ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
