import { parseFloatBytes } from './parse_float.ts'
import { ExpositionError, isBlank } from './series_reader.ts'

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c

export function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isBlank(bytes[at])) at++
  return at
}

/** Where the text without blanks ends that begins at `start`. */
export function tokenEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && !isBlank(bytes[at])) at++
  return at
}

/** Names in quotes may hold blanks. */
export function nameTokenEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== QUOTE) return tokenEnd(bytes, start, end)
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] === BACKSLASH) at++
    else if (bytes[at] === QUOTE) return at + 1
  }
  throw new ExpositionError('a quote that is not closed')
}

/** OpenMetrics: one space, no more and no less. */
export function oneSpace(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== SPACE || at + 1 >= end || isBlank(bytes[at + 1]))
    throw new ExpositionError('expected one space and something behind it')
  return at + 1
}

/** Throws ExpositionError, which says what is no number. */
export function number(bytes: Uint8Array, start: number, end: number, what: string): number {
  const value = parseFloatBytes(bytes, start, end)
  if (value === undefined) throw new ExpositionError(`the ${what} is not a number`)
  return value
}

/** The text format's timestamps are whole milliseconds. */
export function milliseconds(bytes: Uint8Array, start: number, end: number): number {
  const value = number(bytes, start, end, 'timestamp')
  if (!Number.isSafeInteger(value)) throw new ExpositionError('the timestamp is not a whole number of milliseconds')
  return value
}
