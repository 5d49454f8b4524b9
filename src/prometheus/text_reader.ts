import { METRIC_TYPES, type MetricType } from './exposition.ts'
import { bracesEnd, decode, ExpositionError, seriesEnd, unescapeHelp, unescapeQuoted } from './series_reader.ts'
import { milliseconds, nameTokenEnd, number, oneSpace, skipBlanks, tokenEnd } from './text_tokens.ts'

const LINE_FEED = 0x0a
const HASH = 0x23

/** A line with a sample. It and its bytes are valid inside the call; the places are offsets in `bytes`. */
export interface TextSample {
  readonly bytes: Uint8Array
  /** The text of name and labels: equal bytes are an equal series. `readSeries` takes it apart. */
  readonly seriesStart: number
  readonly seriesEnd: number
  readonly value: number
  /** Milliseconds; undefined when the line has none. */
  readonly timeMs: number | undefined
  /** OpenMetrics: the exemplar's labels with their braces; both 0 when there is none. */
  readonly exemplarStart: number
  readonly exemplarEnd: number
  readonly exemplarValue: number
  /** Seconds as they stand; undefined when the exemplar has none. */
  readonly exemplarSeconds: string | undefined
  readonly line: number
}

export interface TextVisitor {
  help(family: string, text: string): void
  type(family: string, type: MetricType): void
  unit(family: string, unit: string): void
  sample(sample: TextSample): void
}

export interface TextReaderOptions {
  readonly openMetrics: boolean
  /** A longer line is an error; a line is all that is kept between chunks. */
  readonly maxLineBytes?: number
}

/** What is wrong with an exposition, and in which line, counted from 1. */
export interface ReadError {
  readonly line: number
  readonly message: string
}

/**
 * Reads the text format 0.0.4 (and 1.0.0) or OpenMetrics 1.0 as it arrives, in chunks of any size; time and memory are linear in
 * the input, and memory is bounded by the longest line. The first error ends the reading: Prometheus refuses such a page whole.
 */
export class TextReader {
  error: ReadError | undefined
  readonly #visitor: TextVisitor
  readonly #openMetrics: boolean
  readonly #maxLineBytes: number
  readonly #sample = new LineSample()
  /** The part of a line that came with earlier chunks. */
  #rest = Buffer.allocUnsafe(0)
  #restLength = 0
  #line = 0
  #isEnded = false

  constructor(visitor: TextVisitor, { openMetrics, maxLineBytes = 1 << 20 }: TextReaderOptions) {
    this.#visitor = visitor
    this.#openMetrics = openMetrics
    this.#maxLineBytes = maxLineBytes
  }

  /** Returns false once there is an error. */
  push(chunk: Uint8Array): boolean {
    let start = 0
    while (!this.error && start < chunk.length) {
      const feed = chunk.indexOf(LINE_FEED, start)
      if (feed < 0) this.#keep(chunk, start, chunk.length)
      else if (this.#restLength === 0) this.#read(chunk, start, feed)
      else {
        this.#keep(chunk, start, feed)
        const length = this.#restLength
        this.#restLength = 0
        if (!this.error) this.#read(this.#rest, 0, length)
      }
      if (feed < 0) break
      start = feed + 1
    }
    return !this.error
  }

  /** The input is over. Returns false when there is an error. */
  end(): boolean {
    if (this.error) return false
    const length = this.#restLength
    this.#restLength = 0
    // The text format asks for a line feed after the last line, and Prometheus reads a page without it all the same.
    if (length > 0) this.#read(this.#rest, 0, length)
    if (!this.error && this.#openMetrics && !this.#isEnded) this.#fail('the page does not end with # EOF')
    return !this.error
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#restLength + end - start
    if (length > this.#maxLineBytes) {
      this.#line++
      this.#failLong()
      return
    }
    if (length > this.#rest.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(length, this.#rest.length * 2, 256))
      this.#rest.copy(bigger, 0, 0, this.#restLength)
      this.#rest = bigger
    }
    this.#rest.set(chunk.subarray(start, end), this.#restLength)
    this.#restLength = length
  }

  #read(bytes: Uint8Array, start: number, end: number): void {
    this.#line++
    try {
      if (end - start > this.#maxLineBytes) this.#failLong()
      else if (this.#openMetrics) this.#openMetricsLine(bytes, start, end)
      else this.#textLine(bytes, start, end)
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error
      this.#fail(error.message)
    }
  }

  #failLong(): void {
    this.#fail(`a line of more than ${this.#maxLineBytes} bytes`)
  }
  #fail(message: string): void {
    this.error = { line: this.#line, message }
  }

  #textLine(bytes: Uint8Array, lineStart: number, end: number): void {
    const start = skipBlanks(bytes, lineStart, end)
    if (start === end) return
    if (bytes[start] === HASH) this.#comment(bytes, skipBlanks(bytes, start + 1, end), end)
    else this.#textSample(bytes, start, end)
  }

  #textSample(bytes: Uint8Array, start: number, end: number): void {
    const sample = this.#series(bytes, start, end)
    const valueEnd = this.#value(sample, skipBlanks(bytes, sample.seriesEnd, end), end)
    const timeStart = skipBlanks(bytes, valueEnd, end)
    if (timeStart < end) {
      const timeEnd = tokenEnd(bytes, timeStart, end)
      sample.timeMs = milliseconds(bytes, timeStart, timeEnd)
      if (skipBlanks(bytes, timeEnd, end) < end) throw new ExpositionError('text behind the timestamp')
    }
    this.#visitor.sample(sample)
  }

  /** `HELP name text` or `TYPE name type`; any other comment says nothing. */
  #comment(bytes: Uint8Array, start: number, end: number): void {
    const wordEnd = tokenEnd(bytes, start, end)
    const word = decode(bytes, start, Math.min(wordEnd, start + 5))
    if (word !== 'HELP' && word !== 'TYPE') return
    const nameStart = skipBlanks(bytes, wordEnd, end)
    const nameEnd = nameTokenEnd(bytes, nameStart, end)
    const name = familyName(bytes, nameStart, nameEnd)
    const text = decode(bytes, skipBlanks(bytes, nameEnd, end), end)
    if (word === 'HELP') this.#visitor.help(name, unescapeHelp(text))
    else this.#visitor.type(name, typeOf(text.trim(), TEXT_TYPES))
  }

  #openMetricsLine(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isEnded) throw new ExpositionError('text behind # EOF')
    if (start === end) throw new ExpositionError('an empty line')
    if (bytes[start] === HASH) this.#metadata(bytes, start, end)
    else this.#openMetricsSample(bytes, start, end)
  }

  #openMetricsSample(bytes: Uint8Array, start: number, end: number): void {
    const sample = this.#series(bytes, start, end)
    let at = this.#value(sample, oneSpace(bytes, sample.seriesEnd, end), end)
    if (at < end && bytes[at + 1] !== HASH) {
      const timeStart = oneSpace(bytes, at, end)
      at = tokenEnd(bytes, timeStart, end)
      sample.timeMs = Math.round(number(bytes, timeStart, at, 'timestamp') * 1000)
    }
    if (at < end) this.#exemplar(sample, at, end)
    this.#visitor.sample(sample)
  }

  #metadata(bytes: Uint8Array, start: number, end: number): void {
    const wordStart = oneSpace(bytes, start + 1, end)
    const wordEnd = tokenEnd(bytes, wordStart, end)
    const word = decode(bytes, wordStart, Math.min(wordEnd, wordStart + 5))
    if (word === 'EOF' && wordEnd === end) {
      this.#isEnded = true
      return
    }
    if (word !== 'HELP' && word !== 'TYPE' && word !== 'UNIT') throw new ExpositionError('a comment of no known kind')
    const nameStart = oneSpace(bytes, wordEnd, end)
    const nameEnd = nameTokenEnd(bytes, nameStart, end)
    const name = familyName(bytes, nameStart, nameEnd)
    // client_golang writes an empty help text with the space before it.
    const text = end - nameEnd < 2 ? '' : decode(bytes, oneSpace(bytes, nameEnd, end), end)
    if (word === 'HELP') this.#visitor.help(name, unescapeQuoted(text))
    else if (word === 'UNIT') this.#visitor.unit(name, text)
    else this.#visitor.type(name, typeOf(text, METRIC_TYPES))
  }

  /** ` # {labels} value [timestamp]`, from the space on. */
  #exemplar(sample: LineSample, start: number, end: number): void {
    const { bytes } = sample
    const hash = oneSpace(bytes, start, end)
    if (bytes[hash] !== HASH) throw new ExpositionError('text behind the timestamp')
    sample.exemplarStart = oneSpace(bytes, hash + 1, end)
    sample.exemplarEnd = bracesEnd(bytes, sample.exemplarStart, end)
    if (sample.exemplarEnd < 0) throw new ExpositionError('an exemplar without labels')
    const valueStart = oneSpace(bytes, sample.exemplarEnd, end)
    const valueEnd = tokenEnd(bytes, valueStart, end)
    sample.exemplarValue = number(bytes, valueStart, valueEnd, 'exemplar')
    if (valueEnd === end) return
    const timeStart = oneSpace(bytes, valueEnd, end)
    const timeEnd = tokenEnd(bytes, timeStart, end)
    if (timeEnd < end) throw new ExpositionError('text behind the exemplar')
    number(bytes, timeStart, timeEnd, 'timestamp of an exemplar')
    sample.exemplarSeconds = decode(bytes, timeStart, timeEnd)
  }

  #series(bytes: Uint8Array, start: number, end: number): LineSample {
    const sample = this.#sample
    sample.reset(bytes, start, this.#line)
    sample.seriesEnd = seriesEnd(bytes, start, end)
    if (sample.seriesEnd < 0) throw new ExpositionError('labels that are not closed')
    if (sample.seriesEnd === start) throw new ExpositionError('a line without a name')
    return sample
  }

  #value(sample: LineSample, start: number, end: number): number {
    const valueEnd = tokenEnd(sample.bytes, start, end)
    sample.value = number(sample.bytes, start, valueEnd, 'value')
    return valueEnd
  }
}

class LineSample implements TextSample {
  bytes: Uint8Array = new Uint8Array(0)
  seriesStart = 0
  seriesEnd = 0
  value = 0
  timeMs: number | undefined
  exemplarStart = 0
  exemplarEnd = 0
  exemplarValue = 0
  exemplarSeconds: string | undefined
  line = 0

  reset(bytes: Uint8Array, seriesStart: number, line: number): void {
    this.bytes = bytes
    this.seriesStart = seriesStart
    this.line = line
    this.timeMs = this.exemplarSeconds = undefined
    this.exemplarStart = this.exemplarEnd = this.exemplarValue = 0
  }
}

/** What the text format calls types; `untyped` is OpenMetrics' `unknown`. */
const TEXT_TYPES = [...METRIC_TYPES, 'untyped'] as const

function typeOf(text: string, known: readonly string[]): MetricType {
  if (!known.includes(text)) throw new ExpositionError(`no such type: ${JSON.stringify(text.slice(0, 40))}`)
  return text === 'untyped' ? 'unknown' : (text as MetricType)
}

function familyName(bytes: Uint8Array, start: number, end: number): string {
  const text = decode(bytes, start, end)
  const name = text.startsWith('"') ? unescapeQuoted(text.slice(1, -1)) : text
  if (name === '') throw new ExpositionError('a comment without a name')
  return name
}
