import { textAt } from '../telemetry/wire_bytes.ts'
import { WireError } from './reader.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Tokens of JSON in bytes, found one by one (RFC 8259). Texts are left where they are: `start` and `end` say where. */
export class JsonText {
  readonly b: Uint8Array
  at = 0
  /** Bounds of the token that was read last: of a text without its quotes, of a number or word all of it. */
  start = 0
  end = 0
  /** Whether the text that was read last has escapes in it. */
  escaped = false

  constructor(b: Uint8Array) {
    this.b = b
  }

  fail(message: string, offset = this.at): never {
    throw new WireError(message, offset)
  }

  /** Goes over white space and returns the byte there; undefined at the end. */
  peek(): number | undefined {
    const { b } = this
    let byte = b[this.at]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = b[++this.at]
    return byte
  }

  /** Goes over one byte that must be there. */
  expect(byte: number): void {
    if (this.peek() !== byte) this.fail(`expected ${String.fromCharCode(byte)}`)
    this.at++
  }

  /** A text: the quote that opens it must be here. */
  string(): void {
    if (this.b[this.at] !== QUOTE) this.fail('expected a text')
    const { b } = this
    const from = ++this.at
    let at = from
    this.escaped = false
    for (;;) {
      const byte = b[at]
      if (byte === QUOTE) break
      if (byte === BACKSLASH) {
        this.escaped = true
        at++
      } else if (byte === undefined || byte < 0x20) this.fail('a text that does not end', from - 1)
      at++
    }
    this.start = from
    this.end = at
    this.at = at + 1
  }

  /** A number, or one of true, false, null. */
  word(): void {
    const { b } = this
    const from = this.at
    let at = from
    // Letters, digits, `+`, `-` and `.`: what numbers and words are made of.
    for (let byte = b[at]; byte > 0x2a && byte < 0x7b && byte !== 0x2c && byte !== 0x3a && byte !== 0x5d; )
      byte = b[++at]
    if (at === from) this.fail('expected a value')
    this.start = from
    this.end = this.at = at
  }

  isWord(word: string): boolean {
    if (this.end - this.start !== word.length) return false
    for (let i = 0; i < word.length; i++) if (this.b[this.start + i] !== word.charCodeAt(i)) return false
    return true
  }

  /** The token that was read last; of a text what its escapes mean. */
  text(): string {
    const raw = textAt(this.b, this.start, this.end)
    if (!this.escaped) return raw
    const plain = raw.replace(
      /\\(?:u([0-9a-fA-F]{4})|(.))/gs,
      (_, code: string | undefined, char: string | undefined) =>
        code
          ? String.fromCharCode(Number.parseInt(code, 16))
          : (ESCAPES[char as string] ?? this.fail(`\\${char}`, this.start)),
    )
    return plain.toWellFormed()
  }

  /** The number that was read last. */
  number(): number {
    const text = textAt(this.b, this.start, this.end)
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text))
      this.fail(`${text.slice(0, 40)} is no number`, this.start)
    return Number(text)
  }
}
