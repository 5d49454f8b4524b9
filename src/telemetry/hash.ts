/** A seeded 128-bit hash as four unsigned 32-bit lanes. */
export type Hash128 = Uint32Array

/** A seed of 128 random bits, as hashes and persisted state keep it. */
export function newSeed(): Hash128 {
  return crypto.getRandomValues(new Uint32Array(4))
}

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

const fmix = (h: number): number => {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
const word = (b: Uint8Array, i: number): number => b[i] | (b[i + 1] << 8) | (b[i + 2] << 16) | (b[i + 3] << 24)

/**
 * MurmurHash3 x86_128 (public domain, Austin Appleby) of `bytes[start, end)`, with a seed of four lanes instead of one.
 * Writes the four lanes to `out`. The tail is padded with zeros and told apart by the length, which the finalizer mixes in.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: Hash128, out: Hash128): void {
  let h1 = seed[0] | 0
  let h2 = seed[1] | 0
  let h3 = seed[2] | 0
  let h4 = seed[3] | 0
  const length = end - start
  let i = start
  for (; i + 16 <= end; i += 16) {
    let k1 = Math.imul(word(bytes, i), C1)
    h1 ^= Math.imul((k1 << 15) | (k1 >>> 17), C2)
    h1 = (Math.imul(((h1 << 19) | (h1 >>> 13)) + h2, 5) + 0x561ccd1b) | 0
    k1 = Math.imul(word(bytes, i + 4), C2)
    h2 ^= Math.imul((k1 << 16) | (k1 >>> 16), C3)
    h2 = (Math.imul(((h2 << 17) | (h2 >>> 15)) + h3, 5) + 0x0bcaa747) | 0
    k1 = Math.imul(word(bytes, i + 8), C3)
    h3 ^= Math.imul((k1 << 17) | (k1 >>> 15), C4)
    h3 = (Math.imul(((h3 << 15) | (h3 >>> 17)) + h4, 5) + 0x96cd1c35) | 0
    k1 = Math.imul(word(bytes, i + 12), C4)
    h4 ^= Math.imul((k1 << 18) | (k1 >>> 14), C1)
    h4 = (Math.imul(((h4 << 13) | (h4 >>> 19)) + h1, 5) + 0x32ac3b17) | 0
  }
  const tail = [0, 0, 0, 0]
  for (let j = 0; i < end; i++, j++) tail[j >> 2] |= bytes[i] << ((j & 3) << 3)
  let t = Math.imul(tail[3], C4)
  h4 ^= Math.imul((t << 18) | (t >>> 14), C1)
  t = Math.imul(tail[2], C3)
  h3 ^= Math.imul((t << 17) | (t >>> 15), C4)
  t = Math.imul(tail[1], C2)
  h2 ^= Math.imul((t << 16) | (t >>> 16), C3)
  t = Math.imul(tail[0], C1)
  h1 ^= Math.imul((t << 15) | (t >>> 17), C2)
  mixLanes(h1 ^ length, h2 ^ length, h3 ^ length, h4 ^ length, out)
}

function mixLanes(h1: number, h2: number, h3: number, h4: number, out: Hash128): void {
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = fmix((h2 + h1) | 0)
  h3 = fmix((h3 + h1) | 0)
  h4 = fmix((h4 + h1) | 0)
  h1 = fmix(h1)
  h1 = (h1 + h2 + h3 + h4) | 0
  out[0] = h1
  out[1] = h2 + h1
  out[2] = h3 + h1
  out[3] = h4 + h1
}

/** Mixes `b` into `a` in place; the order of mixing matters. */
export function combine(a: Hash128, b: Hash128): void {
  mixLanes(
    Math.imul(a[0], C1) ^ b[0],
    Math.imul(a[1], C2) ^ b[1],
    Math.imul(a[2], C3) ^ b[2],
    Math.imul(a[3], C4) ^ b[3],
    a,
  )
}

/** Adds `b` to `a` lane by lane, in place; order does not matter. */
export function addLanes(a: Hash128, b: Hash128): void {
  a[0] += b[0]
  a[1] += b[1]
  a[2] += b[2]
  a[3] += b[3]
}

export function hashKey(h: Hash128): string {
  return `${h[0].toString(36)}.${h[1].toString(36)}.${h[2].toString(36)}.${h[3].toString(36)}`
}
