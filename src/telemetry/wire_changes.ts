import { type AttributeValue, encodeAttributes, encodeValue } from './attributes.ts'
import { copyBytes, newBytes, putVarint, valueEnd, varintEnd, varintSize } from './wire_bytes.ts'
import type { WireMessage } from './wire_message.ts'
import { type AttributeKey, attributeKey } from './wire_values.ts'

/** An attribute made ready to be set on many messages: its key, and the `KeyValue` message. */
export interface PreparedAttribute {
  readonly key: AttributeKey
  readonly bytes: Uint8Array
}

export function prepareAttribute(key: string | AttributeKey, value: AttributeValue): PreparedAttribute {
  const prepared = typeof key === 'string' ? attributeKey(key) : key
  const field = encodeAttributes([[prepared.text, value]])
  return { key: prepared, bytes: field.subarray(varintEnd(field, 0)) }
}

/**
 * Edits of one message as splices: ranges to leave out and bytes to put in. The message's cursor shows them as soon as it
 * is read again; a message that is edited and not read is copied once, when it is written.
 */
export class Changes {
  protected readonly message: WireMessage
  readonly #from: number[] = []
  readonly #to: number[] = []
  readonly #bytes: (Uint8Array | undefined)[] = []
  /** Tag of the field whose content `#bytes` is; 0 for a bare cut. */
  readonly #tags: number[] = []
  #count = 0
  /** Attributes that were edited since the message was last written. */
  readonly #keys: AttributeKey[] = []
  #keyCount = 0
  #rewritten = false
  #growth = 0
  /** The item, or the group with all its items, is to disappear. */
  dropped = false

  constructor(message: WireMessage) {
    this.message = message
  }

  get changed(): boolean {
    return this.#count > 0 || this.#rewritten
  }

  /** Forgets everything: the cursor stands on another message. */
  reset(): void {
    this.#count = 0
    this.#growth = 0
    this.#keyCount = 0
    this.#fields = 0
    this.#rewritten = false
    this.dropped = false
  }

  drop(): void {
    this.dropped = true
  }

  set(key: string | AttributeKey, value: AttributeValue): void {
    this.put(prepareAttribute(key, value))
  }

  /** `set` for an attribute that was prepared: replaces the one with its key where it stands, or adds it. */
  put({ key, bytes }: PreparedAttribute): void {
    const { message } = this
    this.#claim(key)
    if (message.findAttribute(key)) {
      this.#splice(message.foundFrom, message.foundEnd, message.attributeTag, bytes)
      this.#cutFrom(message.foundEnd, key)
    } else this.#splice(message.attributesEnd, message.attributesEnd, message.attributeTag, bytes)
  }

  /** Removes the attribute of this name. */
  delete(key: string | AttributeKey): void {
    const prepared = typeof key === 'string' ? attributeKey(key) : key
    this.#claim(prepared)
    this.#cutFrom(0, prepared)
  }

  /** Keys should be unique and nobody enforces it: cuts out every attribute of this name behind a place. */
  #cutFrom(place: number, key: AttributeKey): void {
    const { message } = this
    for (let after = place; message.findAttribute(key, after); after = message.foundEnd)
      this.#splice(message.foundFrom, message.foundEnd, 0, undefined)
  }

  /** Bytes of the message as edited. */
  get length(): number {
    return this.message.end - this.message.start + this.#growth
  }

  /** Writes the message as edited; returns the place behind it. */
  write(to: Uint8Array, start: number): number {
    const { bytes: b } = this.message
    let at = start
    let from = this.message.start
    for (let i = 0; i < this.#count; i++) {
      at = copyBytes(b, from, this.#from[i], to, at)
      from = this.#to[i]
      const bytes = this.#bytes[i]
      if (bytes === undefined) continue
      if (this.#tags[i] > 127) to[at++] = (this.#tags[i] & 127) | 128
      to[at++] = this.#tags[i] > 127 ? this.#tags[i] >>> 7 : this.#tags[i]
      if ((this.#tags[i] & 7) === 2) at = putVarint(to, at, bytes.length)
      at = copyBytes(bytes, 0, bytes.length, to, at)
    }
    return copyBytes(b, from, this.message.end, to, at)
  }

  /** Replaces a singular field; `undefined` removes it. `bytes` is the value without tag and length. */
  protected field(number: number, wireType: number, bytes: Uint8Array | undefined): void {
    const { message } = this
    if ((this.#fields >>> number) & 1) message.ready()
    this.#fields |= 1 << number
    const place = message.currentPlace(number)
    const tag = (number << 3) | wireType
    if (place >= 0) {
      const from = place - (tag > 127 ? 2 : 1)
      this.#splice(from, valueEnd(message.bytes, place, wireType), bytes ? tag : 0, bytes)
    } else if (bytes) this.#splice(message.end, message.end, tag, bytes)
  }
  #fields = 0
  protected text(number: number, text: string): void {
    this.field(number, 2, text === '' ? undefined : new TextEncoder().encode(text))
  }
  protected varint(number: number, value: number): void {
    const bytes = new Uint8Array(varintSize(value))
    putVarint(bytes, 0, value)
    this.field(number, 0, value === 0 ? undefined : bytes)
  }
  protected fixed64(number: number, lo: number, hi: number): void {
    this.field(number, 1, new Uint8Array(Uint32Array.of(lo, hi).buffer))
  }
  protected value(number: number, value: AttributeValue): void {
    this.field(number, 2, value === null ? undefined : encodeValue(value))
  }

  /** A second edit of the same attribute must see the first. */
  #claim(key: AttributeKey): void {
    for (let i = 0; i < this.#keyCount; i++) {
      if (this.#keys[i].text !== key.text) continue
      this.message.ready()
      break
    }
    this.#keys[this.#keyCount++] = key
  }

  #splice(from: number, to: number, tag: number, bytes: Uint8Array | undefined): void {
    let i = this.#count++
    // In the order of their places; at one place what is put in comes before what is cut out.
    for (; i > 0 && (this.#from[i - 1] > from || (this.#from[i - 1] === from && this.#to[i - 1] > to)); i--) {
      this.#from[i] = this.#from[i - 1]
      this.#to[i] = this.#to[i - 1]
      this.#tags[i] = this.#tags[i - 1]
      this.#bytes[i] = this.#bytes[i - 1]
    }
    this.#from[i] = from
    this.#to[i] = to
    this.#tags[i] = tag
    this.#bytes[i] = bytes
    this.#growth += from - to
    if (bytes) {
      this.#growth += (tag > 127 ? 2 : 1) + bytes.length
      if ((tag & 7) === 2) this.#growth += varintSize(bytes.length)
    }
    if (this.#count === 1) this.message.defer(this.#update)
  }

  readonly #update = (): void => this.#flush()

  /** Writes the message anew, so that it can be read or edited again. */
  #flush(): void {
    if (this.#count === 0) return
    const bytes = newBytes(this.length)
    this.write(bytes, 0)
    this.message.place(bytes, 0, bytes.length)
    this.#count = 0
    this.#growth = 0
    this.#keyCount = 0
    this.#fields = 0
    this.#rewritten = true
  }
}
