import type { Origin } from './origin.ts'
import { copyBytes, newBytes } from './wire_bytes.ts'
import type { Changes } from './wire_changes.ts'
import { type Edit, Editor } from './wire_edit.ts'
import { Place, type WireItem } from './wire_item.ts'
import { LogRecordChanges, SpanChanges } from './wire_item_changes.ts'
import { LogRecord } from './wire_log_record.ts'
import { Span } from './wire_span.ts'
import { split } from './wire_split.ts'
import { Walk } from './wire_walk.ts'

export type SpanEdit = Edit<Span, SpanChanges>
export type LogEdit = Edit<LogRecord, LogRecordChanges>

/**
 * Spans or log records as OTLP wire bytes: slices that, one after the other, are one export request in regular form
 * (docs/decisions/051): a resource before its scope groups, a scope before its items, no singular field twice. A slice ends
 * between two fields of the request, a group or a scope group; resources, scopes and items are never cut. Bytes are trusted:
 * `src/otlp` checks what comes from outside.
 */
export class WireBatch<S extends 'traces' | 'logs'> {
  readonly signal: S
  /** An export request when they are written one after the other. None is empty. */
  readonly slices: readonly Uint8Array[]
  /** Spans or log records in the slices. */
  readonly itemCount: number
  readonly sizeBytes: number
  readonly origin: Origin
  #retainedBytes = -1

  constructor(signal: S, slices: readonly Uint8Array[], itemCount: number, origin: Origin) {
    this.signal = signal
    this.slices = slices
    this.itemCount = itemCount
    this.sizeBytes = slices.reduce((sum, slice) => sum + slice.byteLength, 0)
    this.origin = origin
  }

  /** One batch of all items of one batch or more, in this order, without copying. The origin is the first one's. */
  static concat<S extends 'traces' | 'logs'>(batches: readonly WireBatch<S>[]): WireBatch<S> {
    const [first] = batches
    if (batches.length === 1) return first
    const items = batches.reduce((sum, batch) => sum + batch.itemCount, 0)
    return new WireBatch(
      first.signal,
      batches.flatMap(batch => batch.slices),
      items,
      first.origin,
    )
  }

  /** Bytes that stay in memory while this batch lives: every backing store once, whole. */
  get retainedBytes(): number {
    if (this.#retainedBytes < 0) {
      this.#retainedBytes = 0
      for (const buffer of new Set(this.slices.map(slice => slice.buffer))) this.#retainedBytes += buffer.byteLength
    }
    return this.#retainedBytes
  }

  /** The same batch in bytes of its own when it uses less than half of what it keeps in memory; else itself. */
  compact(): WireBatch<S> {
    if (this.sizeBytes * 2 >= this.retainedBytes) return this
    return new WireBatch(this.signal, [this.#joined()], this.itemCount, this.origin)
  }

  /** The export request in one piece: the slice when there is only one, else a copy. */
  encode(): Uint8Array {
    return this.slices.length === 1 ? this.slices[0] : this.#joined()
  }

  /** The spans; each turn of the loop moves the same cursor. */
  spans(this: WireBatch<'traces'>): IterableIterator<Span> {
    const at = new Place(new Walk(this.slices))
    return new Items(at, new Span(at))
  }

  /** The log records; each turn of the loop moves the same cursor. */
  logRecords(this: WireBatch<'logs'>): IterableIterator<LogRecord> {
    const at = new Place(new Walk(this.slices))
    return new Items(at, new LogRecord(at))
  }

  /**
   * The batch with the changes that `edit` makes; itself when it makes none. Slices that did not change are shared, groups
   * that lost all their items disappear.
   */
  edit(edit: S extends 'traces' ? SpanEdit : LogEdit): WireBatch<S> {
    const at = new Place(new Walk(this.slices))
    if (this.signal === 'traces') {
      const span = new Span(at)
      return this.#edited(new Editor(at, span, new SpanChanges(span), edit as SpanEdit))
    }
    const record = new LogRecord(at)
    return this.#edited(new Editor(at, record, new LogRecordChanges(record), edit as LogEdit))
  }

  #edited<T extends WireItem, C extends Changes>(editor: Editor<T, C>): WireBatch<S> {
    const slices = editor.run()
    return slices ? new WireBatch(this.signal, slices, this.itemCount - editor.dropped, this.origin) : this
  }

  /**
   * Batches of at most `maxItems` items and `maxBytes` bytes with all items in their order; itself when it fits. An item that
   * is larger than `maxBytes` comes alone.
   */
  split(maxItems: number, maxBytes = Number.POSITIVE_INFINITY): WireBatch<S>[] {
    if (this.itemCount <= maxItems && this.sizeBytes <= maxBytes) return [this]
    return split(this.slices, maxItems, maxBytes).map(
      part => new WireBatch(this.signal, part.slices, part.itemCount, this.origin),
    )
  }

  #joined(): Uint8Array {
    const out = newBytes(this.sizeBytes)
    let at = 0
    for (const slice of this.slices) at = copyBytes(slice, 0, slice.length, out, at)
    return out
  }
}
export type TraceBatch = WireBatch<'traces'>
export type LogBatch = WireBatch<'logs'>

/** Moves one cursor over all items; the result object is one too, as the loop reads it at once. */
class Items<T extends WireItem> implements IterableIterator<T> {
  readonly #at: Place
  readonly #result: { done: boolean; value: T }
  #inScope = false

  constructor(at: Place, item: T) {
    this.#at = at
    this.#result = { done: false, value: item }
  }
  [Symbol.iterator](): this {
    return this
  }
  next(): IteratorResult<T> {
    const { walk } = this.#at
    const result = this.#result
    while (!this.#inScope || !walk.nextItem())
      if (!this.#nextScope()) {
        result.done = true
        return result as unknown as IteratorReturnResult<undefined>
      }
    result.value.place(walk.b, walk.itemStart, walk.itemEnd)
    return result as IteratorYieldResult<T>
  }
  #nextScope(): boolean {
    const at = this.#at
    while (at.resourceIndex < 0 || !at.walk.nextScope()) {
      this.#inScope = false
      if (!at.walk.nextGroup()) return false
      at.enterGroup()
    }
    at.enterScope()
    this.#inScope = true
    return true
  }
}
