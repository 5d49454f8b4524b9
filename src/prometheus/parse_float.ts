const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const PLUS = 0x2b
const MINUS = 0x2d

/** 10^0 … 10^22: the powers of ten that are doubles without rounding. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/**
 * The double that `bytes[start, end)` writes, as Prometheus reads it: decimal with an exponent, or a word for infinity or NaN in
 * any case. `undefined` when it is none. Up to 15 digits without exponent, which is nearly all there is, cost no string.
 */
export function parseFloatBytes(bytes: Uint8Array, start: number, end: number): number | undefined {
  let at = start
  const sign = bytes[at]
  if (sign === MINUS || sign === PLUS) at++
  let mantissa = 0
  let digits = 0
  let decimals = 0
  let pointAt = -1
  for (; at < end; at++) {
    const byte = bytes[at]
    if (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + byte - ZERO
      digits++
    } else if (byte === DOT && pointAt < 0) pointAt = digits
    else return parseText(bytes, start, end)
  }
  if (digits === 0 || digits > 15) return parseText(bytes, start, end)
  if (pointAt >= 0) decimals = digits - pointAt
  // Both are exact, so the quotient is rounded once, to the nearest double.
  const value = decimals === 0 ? mantissa : mantissa / POWERS[decimals]
  return sign === MINUS ? -value : value
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const INFINITE = /^([+-]?)inf(inity)?$/i

function parseText(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 400) return undefined
  const text = String.fromCharCode(...bytes.subarray(start, end))
  if (DECIMAL.test(text)) return Number(text)
  const infinite = INFINITE.exec(text)
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^[+-]?nan$/i.test(text) ? Number.NaN : undefined
}
