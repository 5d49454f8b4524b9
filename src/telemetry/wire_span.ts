import { type Place, WireItem } from './wire_item.ts'
import { shape, WireMessage } from './wire_message.ts'

// message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
//   SpanKind kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
//   uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
//   repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16; }
// message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3;
//   uint32 dropped_attributes_count = 4; }
// message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
//   uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
// message Status { string message = 2; StatusCode code = 3; }                        opentelemetry/proto/trace/v1/trace.proto
const SPAN = shape(9, 11, 13)
const EVENT = shape(3)
const LINK = shape(4)
const STATUS = shape(0)
export const SPAN_FIELD = { TRACE_STATE: 3, NAME: 5, KIND: 6, STATUS: 15 } as const
export const STATUS_FIELD = { MESSAGE: 2, CODE: 3 } as const

export const SPAN_KIND = { UNSPECIFIED: 0, INTERNAL: 1, SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 } as const
export const STATUS_CODE = { UNSET: 0, OK: 1, ERROR: 2 } as const

/** A span. Times are Unix nanoseconds in 32-bit halves; ids are views, empty when not set. */
export class Span extends WireItem {
  readonly #status = new StatusCursor(STATUS)
  constructor(at: Place) {
    super(SPAN, at)
  }
  protected override on(at: Place): this {
    return new Span(at) as this
  }
  get traceId(): Uint8Array {
    return this.viewOf(1)
  }
  get spanId(): Uint8Array {
    return this.viewOf(2)
  }
  get traceState(): string {
    return this.textOf(SPAN_FIELD.TRACE_STATE)
  }
  get parentSpanId(): Uint8Array {
    return this.viewOf(4)
  }
  get name(): string {
    return this.textOf(SPAN_FIELD.NAME)
  }
  get nameBytes(): Uint8Array {
    return this.viewOf(SPAN_FIELD.NAME)
  }
  get kind(): number {
    return this.varintOf(SPAN_FIELD.KIND)
  }
  get startLo(): number {
    return this.fixedOf(7)
  }
  get startHi(): number {
    return this.fixedOf(7, 4)
  }
  get endLo(): number {
    return this.fixedOf(8)
  }
  get endHi(): number {
    return this.fixedOf(8, 4)
  }
  get droppedAttributesCount(): number {
    return this.varintOf(10)
  }
  get droppedEventsCount(): number {
    return this.varintOf(12)
  }
  get droppedLinksCount(): number {
    return this.varintOf(14)
  }
  get statusCode(): number {
    return this.#placeStatus() ? this.#status.code : 0
  }
  get statusMessage(): string {
    return this.#placeStatus() ? this.#status.message : ''
  }
  get flags(): number {
    return this.fixedOf(16)
  }
  /** Calls `visit` with a cursor that is valid inside the call. */
  eachEvent(visit: (event: SpanEvent) => void): void {
    const event = new SpanEvent(EVENT)
    this.#each(11, event, visit)
  }
  eachLink(visit: (link: SpanLink) => void): void {
    const link = new SpanLink(LINK)
    this.#each(13, link, visit)
  }
  #each<T extends WireMessage>(field: number, cursor: T, visit: (cursor: T) => void): void {
    this.ready()
    const { bytes } = this
    this.eachField(field, (from, to) => {
      cursor.place(bytes, from, to)
      visit(cursor)
    })
  }
  #placeStatus(): boolean {
    const bounds = this.boundsOf(SPAN_FIELD.STATUS)
    if (bounds === 0) return false
    this.#status.place(this.bytes, bounds, this.boundsEnd)
    return true
  }
}

class StatusCursor extends WireMessage {
  get code(): number {
    return this.varintOf(STATUS_FIELD.CODE)
  }
  get message(): string {
    return this.textOf(STATUS_FIELD.MESSAGE)
  }
}

export class SpanEvent extends WireMessage {
  get timeLo(): number {
    return this.fixedOf(1)
  }
  get timeHi(): number {
    return this.fixedOf(1, 4)
  }
  get name(): string {
    return this.textOf(2)
  }
  get droppedAttributesCount(): number {
    return this.varintOf(4)
  }
}

export class SpanLink extends WireMessage {
  get traceId(): Uint8Array {
    return this.viewOf(1)
  }
  get spanId(): Uint8Array {
    return this.viewOf(2)
  }
  get traceState(): string {
    return this.textOf(3)
  }
  get droppedAttributesCount(): number {
    return this.varintOf(5)
  }
  get flags(): number {
    return this.fixedOf(6)
  }
}
