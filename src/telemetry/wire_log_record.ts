import type { AttributeValue } from './attributes.ts'
import { textAt, varintAt, varintEnd } from './wire_bytes.ts'
import { type Place, WireItem } from './wire_item.ts'
import { shape } from './wire_message.ts'
import { ANY, readAnyValue } from './wire_values.ts'

// message LogRecord { fixed64 time_unix_nano = 1; SeverityNumber severity_number = 2; string severity_text = 3; AnyValue body = 5;
//   repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9;
//   bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12; }  opentelemetry/proto/logs/v1/logs.proto
const LOG_RECORD = shape(6)
export const LOG_FIELD = {
  TIME: 1,
  SEVERITY_NUMBER: 2,
  SEVERITY_TEXT: 3,
  BODY: 5,
  OBSERVED: 11,
  EVENT_NAME: 12,
} as const

/** A log record. Times are Unix nanoseconds in 32-bit halves, 0 when unknown; ids are views, empty when not set. */
export class LogRecord extends WireItem {
  constructor(at: Place) {
    super(LOG_RECORD, at)
  }
  protected override on(at: Place): this {
    return new LogRecord(at) as this
  }
  get timeLo(): number {
    return this.fixedOf(LOG_FIELD.TIME)
  }
  get timeHi(): number {
    return this.fixedOf(LOG_FIELD.TIME, 4)
  }
  get observedLo(): number {
    return this.fixedOf(LOG_FIELD.OBSERVED)
  }
  get observedHi(): number {
    return this.fixedOf(LOG_FIELD.OBSERVED, 4)
  }
  /** 1 to 24; 0 when not said. */
  get severityNumber(): number {
    return this.varintOf(LOG_FIELD.SEVERITY_NUMBER)
  }
  get severityText(): string {
    return this.textOf(LOG_FIELD.SEVERITY_TEXT)
  }
  get body(): AttributeValue {
    const from = this.boundsOf(LOG_FIELD.BODY)
    return from === 0 ? null : readAnyValue(this.bytes, from, this.boundsEnd)
  }
  /** The body when it is text, else undefined. */
  get bodyText(): string | undefined {
    const from = this.boundsOf(LOG_FIELD.BODY)
    const { bytes } = this
    if (from === 0 || bytes[from] !== ANY.STRING || from === this.boundsEnd) return undefined
    const text = varintEnd(bytes, from + 1)
    return textAt(bytes, text, text + varintAt(bytes, from + 1))
  }
  /** A view on the text of the body; undefined when it is no text. */
  get bodyTextBytes(): Uint8Array | undefined {
    const from = this.boundsOf(LOG_FIELD.BODY)
    const { bytes } = this
    if (from === 0 || bytes[from] !== ANY.STRING || from === this.boundsEnd) return undefined
    const text = varintEnd(bytes, from + 1)
    return bytes.subarray(text, text + varintAt(bytes, from + 1))
  }
  get eventName(): string {
    return this.textOf(LOG_FIELD.EVENT_NAME)
  }
  get droppedAttributesCount(): number {
    return this.varintOf(7)
  }
  get flags(): number {
    return this.fixedOf(8)
  }
  get traceId(): Uint8Array {
    return this.viewOf(9)
  }
  get spanId(): Uint8Array {
    return this.viewOf(10)
  }
}
