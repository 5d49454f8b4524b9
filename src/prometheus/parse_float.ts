const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const PLUS = 0x2b
const MINUS = 0x2d
const LETTER_E = 0x65

/** 10^0 … 10^22: the powers of ten that are doubles without rounding. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/**
 * The double that `bytes[start, end)` writes, as Prometheus reads it: decimal with an exponent, or a word for infinity or NaN in
 * any case. `undefined` when it is none. Up to 15 digits and a small exponent, which is nearly all there is, cost no string.
 */
export function parseFloatBytes(bytes: Uint8Array, start: number, end: number): number | undefined {
  let at = start
  const sign = bytes[at]
  if (sign === MINUS || sign === PLUS) at++
  let mantissa = 0
  let digits = 0
  let pointAt = -1
  for (; at < end; at++) {
    const byte = bytes[at]
    if (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + byte - ZERO
      digits++
    } else if (byte === DOT && pointAt < 0) pointAt = digits
    else break
  }
  const exponent = at < end ? smallExponent(bytes, at, end) : 0
  const power = exponent - (pointAt < 0 ? 0 : digits - pointAt)
  if (digits === 0 || digits > 15 || !(power >= -22 && power <= 22)) return parseText(bytes, start, end)
  // Both are exact, so the result is rounded once, to the nearest double.
  const value = power < 0 ? mantissa / POWERS[-power] : mantissa * POWERS[power]
  return sign === MINUS ? -value : value
}

/** The number of `e+06`, of one or two digits; NaN for anything else. */
function smallExponent(bytes: Uint8Array, start: number, end: number): number {
  if ((bytes[start] | 0x20) !== LETTER_E) return Number.NaN
  const sign = bytes[start + 1]
  const first = sign === MINUS || sign === PLUS ? start + 2 : start + 1
  let value = 0
  for (let at = first; at < end; at++) {
    const digit = bytes[at] - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  if (first >= end || end - first > 2) return Number.NaN
  return sign === MINUS ? -value : value
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const INFINITE = /^([+-]?)inf(inity)?$/i

function parseText(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 400) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
  if (DECIMAL.test(text)) return Number(text)
  const infinite = INFINITE.exec(text)
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^[+-]?nan$/i.test(text) ? Number.NaN : undefined
}
