import type { AttributeBytes, AttributeValue } from './attributes.ts'
import {
  copyBytes,
  newBytes,
  putVarint,
  textAt,
  uint32At,
  valueEnd,
  varintAt,
  varintEnd,
  varintSize,
  WIRE,
} from './wire_bytes.ts'
import { type AttributeKey, attributeKey, hasKey, keyText, readKeyValue } from './wire_values.ts'

/** Known fields have numbers below this. */
const PLACES = 20

/** What a cursor must know of a message type: the field with its attributes (0: none) and which fields are repeated, as bits. */
export interface Shape {
  readonly attributes: number
  readonly repeated: number
}
export const shape = (attributes: number, ...repeated: number[]): Shape => ({
  attributes,
  repeated: [attributes, ...repeated].reduce((bits, field) => bits | (1 << field), 0),
})

/**
 * One message in trusted wire bytes, read on demand: the first getter notes where each field is (about 5 ns a field), and
 * each then reads its own. A cursor is a flyweight: it is moved to the next message, so keep what `ref()` gives.
 */
export abstract class WireMessage {
  readonly #shape: Shape
  readonly #places = new Int32Array(PLACES)
  /** The fields that are there, as bits: only their places mean something. */
  #present = 0
  #noted = false
  /** Set by edits: brings the bytes up to date before they are read again. */
  #pending: (() => void) | undefined
  #attributesEnd = 0
  /** The message is `bytes[start, end)`. */
  bytes: Uint8Array = NOTHING
  start = 0
  end = 0
  /** Where the attribute that `findAttribute` found begins (its tag) and ends. */
  foundFrom = 0
  foundEnd = 0

  constructor(of: Shape) {
    this.#shape = of
  }

  /** Moves the cursor to a message. */
  place(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#noted = false
    this.#pending = undefined
  }

  /** The next reader calls `update`, which must `place` the cursor anew. */
  defer(update: () => void): void {
    this.#pending = update
  }

  /** Value of one attribute; undefined when there is none of that name. */
  attribute(key: string | AttributeKey): AttributeValue | undefined {
    return this.#find(key) ? readKeyValue(this.bytes, this.#keyValue, this.foundEnd) : undefined
  }
  hasAttribute(key: string | AttributeKey): boolean {
    return this.#find(key)
  }
  /** A view on the `KeyValue` message of one attribute. */
  attributeBytes(key: string | AttributeKey): Uint8Array | undefined {
    return this.#find(key) ? this.bytes.subarray(this.#keyValue, this.foundEnd) : undefined
  }
  #find(key: string | AttributeKey): boolean {
    this.ready()
    return this.findAttribute(typeof key === 'string' ? attributeKey(key) : key)
  }

  /** Calls `visit` with key and value of every attribute. */
  eachAttribute(visit: (key: string, value: AttributeValue) => void): void {
    this.ready()
    const { bytes } = this
    const message = this.#shape.attributes
    this.eachField(message, (from, to) => visit(keyText(bytes, from, to), readKeyValue(bytes, from, to)))
  }

  /** All attributes in a form of their own, to keep or to give to a series. */
  attributes(): AttributeBytes {
    this.ready()
    let sizeBytes = 0
    this.eachField(this.#shape.attributes, (from, to) => {
      sizeBytes += varintSize(to - from) + to - from
    })
    const out = newBytes(sizeBytes)
    let at = 0
    this.eachField(this.#shape.attributes, (from, to) => {
      at = copyBytes(this.bytes, from, to, out, putVarint(out, at, to - from))
    })
    return out
  }

  /** Makes sure that edits are in the bytes. */
  ready(): void {
    const update = this.#pending
    if (update === undefined) return
    this.#pending = undefined
    update()
  }

  /** Where the value of a singular field begins (a message or text: its length); of a repeated one, its first tag. -1: not there. */
  protected placeOf(field: number): number {
    this.ready()
    return this.currentPlace(field)
  }
  /** `placeOf` in the bytes as they are before pending edits. */
  currentPlace(field: number): number {
    if (!this.#noted) this.#note()
    return ((this.#present >>> field) & 1) === 0 ? -1 : this.#places[field]
  }
  protected textOf(field: number): string {
    const place = this.placeOf(field)
    if (place < 0) return ''
    const from = varintEnd(this.bytes, place)
    return textAt(this.bytes, from, from + varintAt(this.bytes, place))
  }
  /** A view on the bytes of a text, id or message field; empty when it is not there. */
  protected viewOf(field: number): Uint8Array {
    const place = this.placeOf(field)
    if (place < 0) return NOTHING
    const from = varintEnd(this.bytes, place)
    return this.bytes.subarray(from, from + varintAt(this.bytes, place))
  }
  /** Where a message or text field begins, 0 when it is not there; sets `boundsEnd`. */
  protected boundsOf(field: number): number {
    const place = this.placeOf(field)
    if (place < 0) return 0
    const from = varintEnd(this.bytes, place)
    this.boundsEnd = from + varintAt(this.bytes, place)
    return from
  }
  protected boundsEnd = 0
  protected varintOf(field: number): number {
    const place = this.placeOf(field)
    return place < 0 ? 0 : varintAt(this.bytes, place)
  }
  /** 32 bits of a fixed field, `offset` bytes into it. */
  protected fixedOf(field: number, offset = 0): number {
    const place = this.placeOf(field)
    return place < 0 ? 0 : uint32At(this.bytes, place + offset)
  }

  /** Calls `visit` with the bounds of each message or text of a repeated field. */
  protected eachField(field: number, visit: (start: number, end: number) => void): void {
    const first = this.currentPlace(field)
    if (first < 0) return
    const { bytes, end } = this
    for (let at = first; at < end; ) {
      const tag = varintAt(bytes, at)
      at = varintEnd(bytes, at)
      const stop = valueEnd(bytes, at, tag & 7)
      if (tag >>> 3 === field) visit(varintEnd(bytes, at), stop)
      at = stop
    }
  }

  /** Looks for an attribute in the bytes as they are, from a place on; sets `foundFrom`, `foundEnd`. */
  findAttribute(key: AttributeKey, after = 0): boolean {
    const tag = (this.#shape.attributes << 3) | 2
    let at = this.currentPlace(this.#shape.attributes)
    if (at < 0) return false
    if (after > at) at = after
    const { bytes } = this
    const end = this.#attributesEnd
    while (at < end) {
      if (bytes[at] !== tag) {
        at = valueEnd(bytes, varintEnd(bytes, at), bytes[at] & 7)
        continue
      }
      const length = bytes[at + 1]
      const from = length < 128 ? at + 2 : varintEnd(bytes, at + 1)
      const stop = from + (length < 128 ? length : varintAt(bytes, at + 1))
      if (hasKey(bytes, from, stop, key)) {
        this.foundFrom = at
        this.#keyValue = from
        this.foundEnd = stop
        return true
      }
      at = stop
    }
    return false
  }
  #keyValue = 0

  /** Where a new attribute belongs: behind the last one, else at the end. */
  get attributesEnd(): number {
    return this.currentPlace(this.#shape.attributes) < 0 ? this.end : this.#attributesEnd
  }
  get attributeTag(): number {
    return (this.#shape.attributes << 3) | 2
  }

  #note(): void {
    const places = this.#places
    const { attributes, repeated } = this.#shape
    let present = 0
    const b = this.bytes
    const end = this.end
    for (let at = this.start; at < end; ) {
      const from = at
      let tag = b[at++]
      if (tag > 127) {
        tag = varintAt(b, from)
        at = varintEnd(b, from)
      }
      const field = tag >>> 3
      const length = b[at]
      const stop = (tag & 7) === WIRE.LEN && length < 128 ? at + 1 + length : valueEnd(b, at, tag & 7)
      if (field < PLACES) {
        const bit = 1 << field
        if ((repeated & bit) === 0) places[field] = at
        else if ((present & bit) === 0) places[field] = from
        present |= bit
        if (field === attributes) this.#attributesEnd = stop
      }
      at = stop
    }
    this.#present = present
    this.#noted = true
  }
}

const NOTHING = new Uint8Array(0)
