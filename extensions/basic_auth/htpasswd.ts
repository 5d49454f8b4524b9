import { createHash, timingSafeEqual } from 'node:crypto'
import { md5Crypt } from './apr1.ts'
import type { Bcrypt } from './bcrypt.ts'

/** A password as an htpasswd file keeps it. */
export type Kept =
  | { readonly kind: 'plain'; readonly password: string }
  | { readonly kind: 'sha1'; readonly digest: Buffer; readonly salt: Buffer }
  | { readonly kind: 'md5'; readonly hash: string; readonly magic: '$apr1$' | '$1$'; readonly salt: string }
  | { readonly kind: 'bcrypt'; readonly hash: string }

/** A line that is none; its message holds no password. */
export class HtpasswdError extends Error {
  override name = 'HtpasswdError'
}

/**
 * Users and their passwords: `user:password` a line, with the password as bcrypt ($2…), MD5 ($apr1$, $1$), SHA-1 ({SHA},
 * {SSHA}) or as it is. A user who stands there twice has the later password. Throws HtpasswdError.
 */
export function parseHtpasswd(text: string): Map<string, Kept> {
  const users = new Map<string, Kept>()
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    if (colon < 1) throw new HtpasswdError(`line ${i + 1} is not user:password`)
    users.set(line.slice(0, colon), parsePassword(line.slice(colon + 1), i + 1))
  }
  return users
}

function parsePassword(text: string, line: number): Kept {
  if (/^\$2[abxy]?\$/.test(text)) {
    if (/^\$2[aby]?\$\d\d\$[./A-Za-z0-9]{53}$/.test(text)) return { kind: 'bcrypt', hash: text }
    throw new HtpasswdError(`line ${line} has a bcrypt hash that is cut off or malformed`)
  }
  const [, magic, salt] = /^(\$apr1\$|\$1\$)([^$]{0,8})\$[./A-Za-z0-9]{22}$/.exec(text) ?? []
  if (magic) return { kind: 'md5', hash: text, magic: magic as '$apr1$' | '$1$', salt }
  const [, salted, digest] = /^\{(S?)SHA\}([A-Za-z0-9+/]+=*)$/.exec(text) ?? []
  if (digest) return parseSha1(Buffer.from(digest, 'base64'), salted === 'S', line)
  if (/^(?:\$[a-z0-9-]+\$|\{[A-Z0-9]+\})/.test(text)) {
    throw new HtpasswdError(`line ${line} has a kind of hash that is not known here: use bcrypt (htpasswd -B)`)
  }
  return { kind: 'plain', password: text }
}

function parseSha1(bytes: Buffer, salted: boolean, line: number): Kept {
  if (salted ? bytes.length <= 20 : bytes.length !== 20)
    throw new HtpasswdError(`line ${line} has a malformed SHA-1 hash`)
  return { kind: 'sha1', digest: bytes.subarray(0, 20), salt: bytes.subarray(20) }
}

/** Whether `password` is the one that is kept; how long it takes does not tell how much of it is right. */
export function matches(password: string, kept: Kept, bcrypt: Bcrypt): boolean | Promise<boolean> {
  switch (kept.kind) {
    case 'plain':
      return equal(sha256(password), sha256(kept.password))
    case 'sha1':
      return equal(createHash('sha1').update(password).update(kept.salt).digest(), kept.digest)
    case 'md5':
      return equal(Buffer.from(md5Crypt(password, kept.magic, kept.salt)), Buffer.from(kept.hash))
    case 'bcrypt':
      return bcrypt.compare(password, kept.hash)
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

const equal = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)
