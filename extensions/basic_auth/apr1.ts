import { createHash } from 'node:crypto'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ROUNDS = 1000
/** Which bytes of the digest make each group of four letters. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const

const md5 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/**
 * The MD5 crypt of a password: `$apr1$salt$digest` of Apache's htpasswd, `$1$…` of crypt(3). Source: apr_md5.c of the Apache
 * Portable Runtime.
 */
export function md5Crypt(password: string, magic: '$apr1$' | '$1$', salt: string): string {
  const secret = Buffer.from(password)
  const once = md5(secret, salt, secret)
  const first: (Uint8Array | string)[] = [secret, magic, salt]
  for (let left = secret.length; left > 0; left -= 16) first.push(once.subarray(0, Math.min(16, left)))
  for (let bits = secret.length; bits > 0; bits >>= 1) first.push(bits & 1 ? Buffer.alloc(1) : secret.subarray(0, 1))
  let digest = md5(...first)
  for (let round = 0; round < ROUNDS; round++) {
    const parts: (Uint8Array | string)[] = [round & 1 ? secret : digest]
    if (round % 3 !== 0) parts.push(salt)
    if (round % 7 !== 0) parts.push(secret)
    parts.push(round & 1 ? digest : secret)
    digest = md5(...parts)
  }
  return `${magic}${salt}$${encode(digest)}`
}

function encode(digest: Buffer): string {
  const groups = GROUPS.map(([a, b, c]) => letters((digest[a] << 16) | (digest[b] << 8) | digest[c], 4))
  return groups.join('') + letters(digest[11], 2)
}

/** Six bits a letter, the low ones first. */
function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => ALPHABET[(value >> (6 * i)) & 63]).join('')
}
