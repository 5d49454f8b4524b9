import { checkAnyValue, checkKeyValueField, once, plainKeyValue } from './any_value.ts'
import { fieldBits, type Reader } from './reader.ts'

// message LogRecord { fixed64 time_unix_nano = 1; SeverityNumber severity_number = 2; string severity_text = 3; AnyValue body = 5;
//   repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9;
//   bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12; }
const FIELDS = fieldBits(1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)
const [TIME, SEVERITY_NUMBER, SEVERITY_TEXT, BODY, ATTRIBUTES, DROPPED_ATTRIBUTES] = [9, 16, 26, 42, 50, 56]
const [FLAGS, TRACE_ID, SPAN_ID, OBSERVED, EVENT_NAME] = [69, 74, 82, 89, 98]

/** Checks `b[at, end)` as LogRecord. */
export function checkLogRecord(r: Reader, end: number): void {
  const { b } = r
  let seen = 0
  while (r.at < end) {
    const plain = b[r.at] === ATTRIBUTES ? plainKeyValue(b, r.at + 1, end) : 0
    if (plain > 0) {
      r.at = plain
      continue
    }
    const tag = r.tag(end)
    if (tag !== ATTRIBUTES && tag < 104) seen = once(r, seen, tag)
    switch (tag) {
      case ATTRIBUTES:
        checkKeyValueField(r, end)
        break
      case TIME:
      case OBSERVED:
        r.skipFixed(8, end)
        break
      case SEVERITY_NUMBER:
      case DROPPED_ATTRIBUTES:
        r.varint(end)
        break
      case SEVERITY_TEXT:
      case EVENT_NAME:
        r.skipText(end)
        break
      case BODY:
        checkAnyValue(r, r.stop(end), 0)
        break
      case FLAGS:
        r.skipFixed(4, end)
        break
      case TRACE_ID:
        r.skipId(16, end)
        break
      case SPAN_ID:
        r.skipId(8, end)
        break
      default:
        r.skipUnknown(tag, FIELDS, end)
    }
  }
}
