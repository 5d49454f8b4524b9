import type { Label } from './exposition.ts'

const BACKSLASH = 0x5c
const QUOTE = 0x22
const OPEN = 0x7b
const CLOSE = 0x7d
const COMMA = 0x2c
const EQUALS = 0x3d
const COLON = 0x3a

export const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09

/** Letters, digits and underscore. */
const isWord = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f

/** Something in the text of an exposition that its format does not allow. */
export class ExpositionError extends Error {
  override name = 'ExpositionError'
}

export interface SeriesLimits {
  readonly maxLabels: number
}

export interface ParsedSeries {
  readonly name: string
  /** As they stand, none twice. */
  readonly labels: readonly Label[]
}

/**
 * Where the series text ends that begins at `start`: behind the name or the closing brace, -1 when it is not closed. Looks
 * at nothing but quotes and braces: a series whose bytes are known needs no more.
 */
export function seriesEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== OPEN && !isBlank(bytes[at])) at++
  let brace = at
  while (brace < end && isBlank(bytes[brace])) brace++
  return bytes[brace] === OPEN && brace < end ? bracesEnd(bytes, brace, end) : at
}

/** Behind the brace that closes the one at `start`, or -1. */
export function bracesEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at]
    if (byte === CLOSE) return at + 1
    if (byte !== QUOTE) continue
    at = quoteEnd(bytes, at, end)
    if (at < 0) return -1
  }
  return -1
}

/** The quote that closes the one at `start`, or -1. */
function quoteEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] === BACKSLASH) at++
    else if (bytes[at] === QUOTE) return at
  }
  return -1
}

/** Reads `name{label="value",…}`, or `{"any name",label="value"}`. Throws ExpositionError. */
export function readSeries(bytes: Uint8Array, start: number, end: number, limits: SeriesLimits): ParsedSeries {
  return new SeriesCursor(bytes, start, end).series(limits)
}

/** Reads `{label="value",…}`, as exemplars have them. Throws ExpositionError. */
export function readLabels(bytes: Uint8Array, start: number, end: number, limits: SeriesLimits): readonly Label[] {
  const cursor = new SeriesCursor(bytes, start, end)
  const { name, labels } = cursor.braces(limits)
  if (name !== '') throw new ExpositionError('a name among labels')
  return labels
}

class SeriesCursor {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  series(limits: SeriesLimits): ParsedSeries {
    const name = this.#word(true)
    this.#blanks()
    const inside = this.#at < this.#end ? this.braces(limits) : NO_LABELS
    if (name !== '' && inside.name !== '') throw new ExpositionError('two metric names')
    if (name === '' && inside.name === '') throw new ExpositionError('no metric name')
    return { name: name || inside.name, labels: inside.labels }
  }

  braces({ maxLabels }: SeriesLimits): ParsedSeries {
    this.#expect(OPEN, '{')
    const labels: Label[] = []
    let name = ''
    for (;;) {
      this.#blanks()
      if (this.#take(CLOSE)) break
      const isQuoted = this.#at < this.#end && this.#bytes[this.#at] === QUOTE
      const text = isQuoted ? this.#quoted() : this.#word(false)
      this.#blanks()
      if (isQuoted && this.#bytes[this.#at] !== EQUALS) {
        if (name !== '' || labels.length > 0) throw new ExpositionError('a name among labels')
        name = text
      } else labels.push([text, this.#value(text)])
      if (labels.length > maxLabels) throw new ExpositionError(`more than ${maxLabels} labels`)
      this.#blanks()
      if (this.#take(COMMA)) continue
      this.#expect(CLOSE, '}')
      break
    }
    this.#blanks()
    if (this.#at < this.#end) throw new ExpositionError('text behind the labels')
    if (new Set(labels.map(([label]) => label)).size < labels.length) throw new ExpositionError('a label twice')
    return { name, labels }
  }

  #value(label: string): string {
    if (label === '') throw new ExpositionError('a label without a name')
    this.#expect(EQUALS, '=')
    this.#blanks()
    return this.#quoted()
  }

  #word(colons: boolean): string {
    const start = this.#at
    while (this.#at < this.#end && (isWord(this.#bytes[this.#at]) || (colons && this.#bytes[this.#at] === COLON)))
      this.#at++
    const first = this.#bytes[start]
    if (this.#at > start && first >= 0x30 && first <= 0x39) throw new ExpositionError('a name that begins with a digit')
    return decode(this.#bytes, start, this.#at)
  }

  #quoted(): string {
    if (this.#bytes[this.#at] !== QUOTE || this.#at >= this.#end) throw new ExpositionError('a quote is missing')
    const close = quoteEnd(this.#bytes, this.#at, this.#end)
    if (close < 0) throw new ExpositionError('a quote that is not closed')
    const text = decode(this.#bytes, this.#at + 1, close)
    this.#at = close + 1
    return unescapeQuoted(text)
  }

  #blanks(): void {
    while (this.#at < this.#end && isBlank(this.#bytes[this.#at])) this.#at++
  }
  #take(byte: number): boolean {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }
  #expect(byte: number, char: string): void {
    if (!this.#take(byte)) throw new ExpositionError(`expected ${char}`)
  }
}

const NO_LABELS: ParsedSeries = { name: '', labels: [] }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text of its own, which keeps none of the bytes. Throws ExpositionError when it is not UTF-8. */
export function decode(bytes: Uint8Array, start: number, end: number): string {
  try {
    return utf8.decode(bytes.subarray(start, end))
  } catch {
    throw new ExpositionError('text that is not UTF-8')
  }
}

/** `\\`, `\n` and `\"`; any other backslash stands for itself. */
export function unescapeQuoted(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\n"])/g, (_, char) => (char === 'n' ? '\n' : char)) : text
}
/** Help texts of the text format, in which a quote is not escaped. */
export function unescapeHelp(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\n])/g, (_, char) => (char === 'n' ? '\n' : char)) : text
}
