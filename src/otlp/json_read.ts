import { JsonText } from './json_text.ts'
import { JsonValues } from './json_values.ts'
import { type Field, keyMark, type Message, messageOf, REQUEST } from './schema.ts'

/** Objects and lists may lie this deep in each other: more than attributes that are allowed need. */
const MAX_DEPTH = 128
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST, COMMA, COLON, QUOTE] = [
  0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0x22,
]

export interface JsonOptions {
  /** Bytes that are converted before others get their turn: 256 KiB are 1 to 3 ms. */
  sliceBytes?: number
  /** Lets others have their turn. */
  pause?: () => Promise<void>
  signal?: AbortSignal
}

/**
 * OTLP/JSON as protobuf: an export request that is still to be checked as one from outside is. Converted in slices, so that
 * a large body keeps nobody waiting; its size is the caller's to limit. As the OTLP specification says, keys are
 * lowerCamelCase and all others are ignored, ids are hexadecimal, 64-bit numbers are texts or numbers; names of enum values
 * are taken too. Throws WireError with the offset in the JSON.
 */
export async function jsonToWire(
  signal: 'traces' | 'logs' | 'metrics',
  json: Uint8Array,
  { sliceBytes = 1 << 18, pause = nextTurn, signal: aborted }: JsonOptions = {},
): Promise<Uint8Array> {
  const transcoder = new JsonTranscoder(messageOf(REQUEST[signal]), json)
  while (!transcoder.run(sliceBytes)) {
    await pause()
    aborted?.throwIfAborted()
  }
  return transcoder.finish()
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** An object or list that is open. */
interface Frame {
  isList: boolean
  /** Of an object: what it is. Of a list: undefined. Both undefined: something unknown that is passed over. */
  message: Message | undefined
  /** Of a list: what is in it. */
  field: Field | undefined
  /** Where its content begins in the output, one byte for its length before it; 0 when it has no header. */
  start: number
  first: boolean
}

class JsonTranscoder {
  readonly #json: JsonText
  readonly #values: JsonValues
  readonly #frames: Frame[] = []
  #depth = 0
  #begun = false
  readonly #request: Message

  constructor(request: Message, json: Uint8Array) {
    this.#json = new JsonText(json)
    this.#request = request
    this.#values = new JsonValues(this.#json)
  }

  /** Converts about `sizeBytes` of the JSON; true when all of it is done. */
  run(sizeBytes: number): boolean {
    const json = this.#json
    if (!this.#begun) {
      json.peek()
      json.expect(OPEN_OBJECT)
      this.#push(false, this.#request, undefined, 0)
      this.#begun = true
    }
    const pauseAt = json.at + sizeBytes
    while (this.#depth > 0) {
      if (json.at >= pauseAt) return false
      const frame = this.#frames[this.#depth - 1]
      if (frame.isList) this.#element(frame)
      else this.#member(frame)
    }
    if (json.peek() !== undefined) json.fail('something behind the end')
    return true
  }

  finish(): Uint8Array {
    return this.#values.finish()
  }

  /** The next member of an object, up to where its value begins an object or list; or the end. */
  #member(frame: Frame): void {
    const json = this.#json
    if (this.#ended(frame, CLOSE_OBJECT)) return
    if (json.peek() !== QUOTE) json.fail('expected a key')
    json.string()
    const field = frame.message && this.#fieldOf(frame.message)
    json.expect(COLON)
    this.#value(field, field?.repeated ?? false)
  }

  /** The field whose name is the text that was read last. */
  #fieldOf(message: Message): Field | undefined {
    const { b, start, end, escaped } = this.#json
    if (escaped) return message.byName.get(this.#json.text())
    const field = message.byMark.get(keyMark(b, start, end))
    if (!field) return undefined
    const { jsonKey } = field
    for (let i = start; i < end; i++) if (b[i] !== jsonKey[i - start + 1]) return undefined
    return field
  }

  #element(frame: Frame): void {
    if (!this.#ended(frame, CLOSE_LIST)) this.#value(frame.field, false)
  }

  /** Goes over the comma between two members; true at the end of the object or list, which is closed then. */
  #ended(frame: Frame, close: number): boolean {
    const json = this.#json
    const byte = json.peek()
    if (byte === close) {
      json.at++
      this.#close(frame)
      return true
    }
    if (frame.first) frame.first = false
    else json.expect(COMMA)
    return false
  }

  #value(field: Field | undefined, isList: boolean): void {
    const json = this.#json
    const byte = json.peek()
    if (byte === OPEN_OBJECT) {
      if (field && (isList || !field.message)) json.fail(`${field.name} is no object`)
      json.at++
      this.#push(false, field?.message, undefined, field ? this.#values.header(field.tag) : 0)
    } else if (byte === OPEN_LIST) {
      if (field && !isList) json.fail(`${field.name} is no list`)
      json.at++
      const packed = field !== undefined && field.scalar !== undefined && field.scalar !== 'string'
      this.#push(true, undefined, field, packed ? this.#values.header(field.tag) : 0)
    } else this.#scalar(field, byte, isList)
  }

  #scalar(field: Field | undefined, byte: number | undefined, isList: boolean): void {
    const json = this.#json
    const quoted = byte === QUOTE
    if (quoted) json.string()
    else {
      json.escaped = false
      json.word()
      if (json.isWord('null')) return
    }
    if (!field) {
      if (!quoted && !json.isWord('true') && !json.isWord('false')) json.number()
      return
    }
    if (isList) json.fail(`${field.name} is a list`, json.start)
    if (field.message) json.fail(`${field.name} is an object`, json.start)
    this.#values.write(field, quoted)
  }

  #push(isList: boolean, message: Message | undefined, field: Field | undefined, start: number): void {
    if (this.#depth === MAX_DEPTH) this.#json.fail(`nested deeper than ${MAX_DEPTH}`)
    const frame = this.#frames[this.#depth]
    if (frame) {
      frame.isList = isList
      frame.message = message
      frame.field = field
      frame.start = start
      frame.first = true
    } else this.#frames.push({ isList, message, field, start, first: true })
    this.#depth++
  }

  #close({ start }: Frame): void {
    this.#depth--
    if (start > 0) this.#values.close(start)
  }
}
