import { checkKeyValueField, once, plainKeyValue } from './any_value.ts'
import { fieldBits, type Reader } from './reader.ts'

// message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
//   SpanKind kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
//   uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
//   repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16; }
const SPAN_FIELDS = fieldBits(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
const [TRACE_ID, SPAN_ID, TRACE_STATE, PARENT_SPAN_ID, NAME, KIND] = [10, 18, 26, 34, 42, 48]
const [START, END, ATTRIBUTES, EVENTS, LINKS, STATUS, FLAGS] = [57, 65, 74, 90, 106, 122, 133]
const [DROPPED_ATTRIBUTES, DROPPED_EVENTS, DROPPED_LINKS] = [80, 96, 112]

/** Checks `b[at, end)` as Span. */
export function checkSpan(r: Reader, end: number): void {
  const { b } = r
  let seen = 0
  while (r.at < end) {
    const plain = b[r.at] === ATTRIBUTES ? plainKeyValue(b, r.at + 1, end) : 0
    if (plain > 0) {
      r.at = plain
      continue
    }
    const tag = r.tag(end)
    if (tag !== ATTRIBUTES && tag !== EVENTS && tag !== LINKS && tag < 136) seen = once(r, seen, tag)
    switch (tag) {
      case ATTRIBUTES:
        checkKeyValueField(r, end)
        break
      case TRACE_ID:
        r.skipId(16, end)
        break
      case SPAN_ID:
      case PARENT_SPAN_ID:
        r.skipId(8, end)
        break
      case NAME:
      case TRACE_STATE:
        r.skipText(end)
        break
      case START:
      case END:
        r.skipFixed(8, end)
        break
      case KIND:
      case DROPPED_ATTRIBUTES:
      case DROPPED_EVENTS:
      case DROPPED_LINKS:
        r.varint(end)
        break
      case FLAGS:
        r.skipFixed(4, end)
        break
      case STATUS:
        checkStatus(r, r.stop(end))
        break
      case EVENTS:
        checkEvent(r, r.stop(end))
        break
      case LINKS:
        checkLink(r, r.stop(end))
        break
      default:
        r.skipUnknown(tag, SPAN_FIELDS, end)
    }
  }
}

// message Status { string message = 2; StatusCode code = 3; }
const STATUS_FIELDS = fieldBits(2, 3)

function checkStatus(r: Reader, end: number): void {
  let seen = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 18) r.skipText(end)
    else if (tag === 24) r.varint(end)
    else r.skipUnknown(tag, STATUS_FIELDS, end)
    if (tag < 32) seen = once(r, seen, tag)
  }
}

// message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3;
//   uint32 dropped_attributes_count = 4; }
const EVENT_FIELDS = fieldBits(1, 2, 3, 4)

function checkEvent(r: Reader, end: number): void {
  let seen = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 26) {
      checkKeyValueField(r, end)
      continue
    }
    if (tag === 9) r.skipFixed(8, end)
    else if (tag === 18) r.skipText(end)
    else if (tag === 32) r.varint(end)
    else r.skipUnknown(tag, EVENT_FIELDS, end)
    if (tag < 40) seen = once(r, seen, tag)
  }
}

// message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
//   uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
const LINK_FIELDS = fieldBits(1, 2, 3, 4, 5, 6)

function checkLink(r: Reader, end: number): void {
  let seen = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === 34) {
      checkKeyValueField(r, end)
      continue
    }
    if (tag === 10) r.skipId(16, end)
    else if (tag === 18) r.skipId(8, end)
    else if (tag === 26) r.skipText(end)
    else if (tag === 40) r.varint(end)
    else if (tag === 53) r.skipFixed(4, end)
    else r.skipUnknown(tag, LINK_FIELDS, end)
    if (tag < 56) seen = once(r, seen, tag)
  }
}
