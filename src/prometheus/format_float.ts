const ZERO = 0x30
const DOT = 0x2e
const MINUS = 0x2d
const PLUS = 0x2b
const E = 0x65

/** '00' … '99'. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) => ZERO + (i & 1 ? (i >> 1) % 10 : Math.trunc((i >> 1) / 10)))

/** No text of a double is longer. */
export const MAX_FLOAT_BYTES = 26

/**
 * Writes a double as the Prometheus text format has it: the shortest digits that read back as the same double, laid out as
 * Go's `strconv.FormatFloat(v, 'g', -1, 64)` does (exponents below -4 and from 21 down to 6 on are written out: `1e+06`).
 * Returns where it ends; needs MAX_FLOAT_BYTES of room. Integers and values of up to nine decimals cost about 15 ns, others 150.
 */
export function appendFloat(out: Uint8Array, start: number, value: number): number {
  let at = start
  if (value < 0) {
    out[at++] = MINUS
    return value === Number.NEGATIVE_INFINITY ? appendAscii(out, at, 'Inf') : appendPositive(out, at, -value)
  }
  if (value > 0) return appendPositive(out, at, value)
  if (value === 0) {
    out[at++] = ZERO
    return at
  }
  return appendAscii(out, at, 'NaN')
}

function appendPositive(out: Uint8Array, at: number, value: number): number {
  if (value < 1e15) {
    // A decimal of up to 15 digits that reads back as the value is the shortest one: no other of that length can.
    if (Math.floor(value) === value) return appendDecimal(out, at, value, 0)
    let n = Math.round(value * 1e3)
    if (n / 1e3 === value && n < 1e15) return appendDecimal(out, at, n, 3)
    n = Math.round(value * 1e6)
    if (n / 1e6 === value && n < 1e15) return appendDecimal(out, at, n, 6)
    n = Math.round(value * 1e9)
    if (n / 1e9 === value && n < 1e15) return appendDecimal(out, at, n, 9)
  }
  return value === Number.POSITIVE_INFINITY ? appendAscii(out, at, '+Inf') : appendShortest(out, at, value)
}

/** `n`·10^-scale for an integer 0 < n < 10^15. */
function appendDecimal(out: Uint8Array, at: number, n: number, scale: number): number {
  if (scale === 0 && n < 1e6) return appendInteger(out, at, n, countDigits(n))
  let digits = n
  let decimals = scale
  for (let tenth = digits / 10; Math.floor(tenth) === tenth; tenth = digits / 10) {
    digits = tenth
    decimals--
  }
  const count = countDigits(digits)
  const exponent = count - decimals - 1
  if (exponent < -4 || exponent >= 6) {
    const end = appendPointed(out, at, digits, count, 1)
    return appendExponent(out, end, exponent)
  }
  if (decimals <= 0) return appendInteger(out, at, digits * 10 ** -decimals, count - decimals)
  if (exponent >= 0) return appendPointed(out, at, digits, count, exponent + 1)
  let to = at
  out[to++] = ZERO
  out[to++] = DOT
  for (let zeros = -exponent - 1; zeros > 0; zeros--) out[to++] = ZERO
  return appendInteger(out, to, digits, count)
}

/** The digits of `n` with a point after the first `before` of them; no point when none would follow. */
function appendPointed(out: Uint8Array, at: number, n: number, count: number, before: number): number {
  if (count === before) return appendInteger(out, at, n, count)
  const end = appendInteger(out, at + 1, n, count)
  for (let i = 0; i < before; i++) out[at + i] = out[at + i + 1]
  out[at + before] = DOT
  return end
}

function appendExponent(out: Uint8Array, start: number, exponent: number): number {
  let at = start
  out[at++] = E
  out[at++] = exponent < 0 ? MINUS : PLUS
  const n = Math.abs(exponent)
  if (n >= 100) return appendInteger(out, at, n, 3)
  out[at++] = PAIRS[n * 2]
  out[at++] = PAIRS[n * 2 + 1]
  return at
}

/** Writes an integer 0 ≤ n < 2^53 of `count` digits. */
function appendInteger(out: Uint8Array, at: number, n: number, count: number): number {
  const end = at + count
  let to = end
  let rest = n
  while (rest >= 1e8) {
    const high = Math.floor(rest / 1e8)
    let low = (rest - high * 1e8) | 0
    rest = high
    for (let i = 0; i < 4; i++) {
      const q = (low / 100) | 0
      const pair = (low - q * 100) << 1
      out[--to] = PAIRS[pair + 1]
      out[--to] = PAIRS[pair]
      low = q
    }
  }
  let small = rest | 0
  while (small >= 100) {
    const q = (small / 100) | 0
    const pair = (small - q * 100) << 1
    out[--to] = PAIRS[pair + 1]
    out[--to] = PAIRS[pair]
    small = q
  }
  if (small >= 10) out[--to] = PAIRS[small * 2 + 1]
  if (to > at) out[--to] = small >= 10 ? PAIRS[small * 2] : ZERO + small
  return end
}

function countDigits(n: number): number {
  if (n < 1e5) return n < 1e2 ? (n < 1e1 ? 1 : 2) : n < 1e3 ? 3 : n < 1e4 ? 4 : 5
  if (n < 1e10) return n < 1e7 ? (n < 1e6 ? 6 : 7) : n < 1e8 ? 8 : n < 1e9 ? 9 : 10
  let count = 11
  for (let bound = 1e11; n >= bound; bound *= 10) count++
  return count
}

/** What the fast path does not know; JavaScript finds the same digits as Go, and lays them out otherwise. */
function appendShortest(out: Uint8Array, at: number, value: number): number {
  if (value >= 1e-4 && value < 1e6) return appendAscii(out, at, String(value))
  const text = value.toExponential()
  const e = text.indexOf('e')
  const end = appendAscii(out, at, text.slice(0, e))
  return appendExponent(out, end, Number(text.slice(e + 1)))
}

/** The same as a string. */
export function formatFloat(value: number): string {
  const out = new Uint8Array(MAX_FLOAT_BYTES)
  return Buffer.from(out.buffer, 0, appendFloat(out, 0, value)).toString('latin1')
}

/** As `appendFloat`, and `.0` after what looks like an integer, as OpenMetrics' canonical numbers of client_golang have it. */
export function appendOpenMetricsFloat(out: Uint8Array, start: number, value: number): number {
  const end = appendFloat(out, start, value)
  if (!Number.isFinite(value)) return end
  for (let i = start; i < end; i++) if (out[i] === DOT || out[i] === E) return end
  out[end] = DOT
  out[end + 1] = ZERO
  return end + 2
}

/** The decimal digits of an integer |n| ≤ 2^53. */
export function appendInt(out: Uint8Array, start: number, n: number): number {
  let at = start
  if (n < 0) out[at++] = MINUS
  const positive = Math.abs(n)
  return appendInteger(out, at, positive, countDigits(positive))
}

/** Text of which each character is one byte. */
export function appendAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
  return at + text.length
}
