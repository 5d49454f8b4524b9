import type { AttributeValue } from './attributes.ts'
import { copyBytes, putVarint } from './wire_bytes.ts'
import { Changes } from './wire_changes.ts'
import { LOG_FIELD } from './wire_log_record.ts'
import { SPAN_FIELD, STATUS_FIELD } from './wire_span.ts'

const SCOPE_FIELD = { NAME: 1, VERSION: 2 } as const

export class ScopeChanges extends Changes {
  setName(name: string): void {
    this.text(SCOPE_FIELD.NAME, name)
  }
  setVersion(version: string): void {
    this.text(SCOPE_FIELD.VERSION, version)
  }
}

/** What may be changed of a span beside its attributes. An empty text or 0 removes the field, which means the same. */
export class SpanChanges extends Changes {
  setName(name: string): void {
    this.text(SPAN_FIELD.NAME, name)
  }
  setKind(kind: number): void {
    this.varint(SPAN_FIELD.KIND, kind)
  }
  setTraceState(state: string): void {
    this.text(SPAN_FIELD.TRACE_STATE, state)
  }
  /** `code`: STATUS_CODE. */
  setStatus(code: number, message = ''): void {
    const text = new TextEncoder().encode(message)
    const status = new Uint8Array(8 + text.length)
    let at = 0
    if (text.length > 0) {
      status[at++] = (STATUS_FIELD.MESSAGE << 3) | 2
      at = copyBytes(text, 0, text.length, status, putVarint(status, at, text.length))
    }
    if (code !== 0) {
      status[at++] = STATUS_FIELD.CODE << 3
      at = putVarint(status, at, code)
    }
    this.field(SPAN_FIELD.STATUS, 2, status.subarray(0, at))
  }
}

/** What may be changed of a log record beside its attributes. */
export class LogRecordChanges extends Changes {
  setTime(lo: number, hi: number): void {
    this.fixed64(LOG_FIELD.TIME, lo, hi)
  }
  setObservedTime(lo: number, hi: number): void {
    this.fixed64(LOG_FIELD.OBSERVED, lo, hi)
  }
  /** `number`: 1 to 24. */
  setSeverity(number: number, text: string): void {
    this.varint(LOG_FIELD.SEVERITY_NUMBER, number)
    this.text(LOG_FIELD.SEVERITY_TEXT, text)
  }
  setBody(value: AttributeValue): void {
    this.value(LOG_FIELD.BODY, value)
  }
  setEventName(name: string): void {
    this.text(LOG_FIELD.EVENT_NAME, name)
  }
  setTraceContext(traceId: Uint8Array, spanId: Uint8Array, flags: number): void {
    this.field(9, 2, traceId.length > 0 ? traceId : undefined)
    this.field(10, 2, spanId.length > 0 ? spanId : undefined)
    this.field(8, 5, new Uint8Array(Uint32Array.of(flags).buffer))
  }
}
