const QUOTE = 0x22
const BACKSLASH = 0x5c
const LINE_FEED = 0x0a
const LETTER_N = 0x6e

/**
 * Order of two rendered series of one family that have as many labels, as client_golang sorts them: by the values of the
 * labels, as bytes. `bytes[aStart, aEnd)` is `name{labels} ` with the escapes of the text format.
 */
export function compareSeries(bytes: Uint8Array, aStart: number, aEnd: number, bStart: number, bEnd: number): number {
  let a = aStart
  let b = bStart
  let isEscaped = false
  while (a < aEnd && b < bEnd && bytes[a] === bytes[b]) {
    isEscaped = bytes[a] === BACKSLASH && !isEscaped
    a++
    b++
  }
  if (a >= aEnd || b >= bEnd) return aEnd - aStart - (bEnd - bStart)
  return unit(bytes, a, isEscaped) - unit(bytes, b, isEscaped)
}

/** The byte that stands here before escaping; a quote that ends a value comes before every byte. */
function unit(bytes: Uint8Array, at: number, isEscaped: boolean): number {
  const byte = bytes[at]
  if (isEscaped) return byte === LETTER_N ? LINE_FEED : byte
  if (byte === QUOTE) return -1
  if (byte === BACKSLASH) return unit(bytes, at + 1, true)
  return byte
}
