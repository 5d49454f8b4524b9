import { GROUP, ITEM, RESOURCE, SCHEMA_URL, SCOPE, SCOPES } from '../telemetry/wire_walk.ts'
import { checkResource, checkScope, once } from './any_value.ts'
import { fieldBits, type Reader } from './reader.ts'

// The three outer messages of traces, logs and metrics are alike:
// message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
// message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
// message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
const REQUEST_FIELDS = fieldBits(1)
const GROUP_FIELDS = fieldBits(1, 2, 3)

/** Checks the `b[at, end)` of one item. */
export type CheckItem = (r: Reader, end: number) => void

/** Checks an export request in one pass; returns how many items it holds. Throws WireError. */
export function checkRequest(r: Reader, end: number, item: CheckItem): number {
  let items = 0
  while (r.at < end) {
    const tag = r.tag(end)
    if (tag === GROUP) items += checkGroup(r, r.stop(end), item)
    else r.skipUnknown(tag, REQUEST_FIELDS, end)
  }
  return items
}

function checkGroup(r: Reader, end: number, item: CheckItem): number {
  let items = 0
  let seen = 0
  for (let first = true; r.at < end; first = false) {
    const tag = r.tag(end)
    if (tag === SCOPES) items += checkScopeGroup(r, r.stop(end), item)
    else if (tag === RESOURCE) {
      if (!first) r.irregular = true
      checkResource(r, r.stop(end))
    } else if (tag === SCHEMA_URL) {
      seen = once(r, seen, tag)
      r.skipText(end)
    } else r.skipUnknown(tag, GROUP_FIELDS, end)
  }
  return items
}

function checkScopeGroup(r: Reader, end: number, item: CheckItem): number {
  let items = 0
  let seen = 0
  for (let first = true; r.at < end; first = false) {
    const tag = r.tag(end)
    if (tag === ITEM) {
      item(r, r.stop(end))
      items++
    } else if (tag === SCOPE) {
      if (!first) r.irregular = true
      checkScope(r, r.stop(end))
    } else if (tag === SCHEMA_URL) {
      seen = once(r, seen, tag)
      r.skipText(end)
    } else r.skipUnknown(tag, GROUP_FIELDS, end)
  }
  return items
}
