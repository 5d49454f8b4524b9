import { valueEnd, varintAt, varintEnd } from './wire_bytes.ts'

// message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }     opentelemetry/proto/collector/trace/v1
// message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
// message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
// Logs are the same with log records for spans.
export const GROUP = 10
export const RESOURCE = 10
export const SCOPES = 18
export const SCOPE = 10
export const ITEM = 18
export const SCHEMA_URL = 26

/**
 * Walks resource groups, scope groups and items of an export request in regular form that lies in several slices. Slices
 * end between fields of the request, of a group or of a scope group; a resource, a scope and an item lie in one slice each.
 * Places are a slice number and an offset in it; ends of groups are offsets in the whole. 6 ns an item.
 */
export class Walk {
  readonly slices: readonly Uint8Array[]
  /** The current slice, its number and the place in it. */
  b: Uint8Array
  i = 0
  at = 0
  /** Offset of the current slice in the whole. */
  #base = 0
  /** The group's field: where its tag is, and where the whole group ends. */
  groupSlice = 0
  groupFrom = 0
  groupEnd = 0
  /** Its resource: the slice and its number, where the tag is, where the message begins and ends; three times the same when there is none. */
  resourceBytes: Uint8Array
  resourceSlice = 0
  resourceFrom = 0
  resourceStart = 0
  resourceEnd = 0
  /** The same for the scope group and its scope. */
  scopeGroupSlice = 0
  scopeGroupFrom = 0
  scopeGroupEnd = 0
  scopeBytes: Uint8Array
  scopeSlice = 0
  scopeFrom = 0
  scopeStart = 0
  scopeEnd = 0
  /** The item: in the current slice, where its tag is, where the message begins and ends. */
  itemFrom = 0
  itemStart = 0
  itemEnd = 0
  /** Where the part of the scope group that is in the current slice ends. */
  #itemsEnd = 0
  /** When set, every field of a group that is no scope group, and of a scope group that is no item: slice number, from, to. */
  groupHead: number[] | undefined
  scopeHead: number[] | undefined

  constructor(slices: readonly Uint8Array[]) {
    this.slices = slices
    this.b = slices[0] ?? new Uint8Array(0)
    this.resourceBytes = this.scopeBytes = this.b
  }

  nextGroup(): boolean {
    this.#skipTo(this.groupEnd)
    for (;;) {
      if (!this.#align()) return false
      const from = this.at
      if (!this.#enter(GROUP)) continue
      this.groupSlice = this.i
      this.groupFrom = from
      this.groupEnd = this.scopeGroupEnd = this.#fieldEnd
      this.#align()
      this.resourceBytes = this.b
      this.resourceSlice = this.i
      const hasResource = this.#base + this.at < this.groupEnd && this.b[this.at] === RESOURCE
      this.resourceFrom = this.resourceStart = this.resourceEnd = this.at
      if (hasResource) {
        this.resourceStart = varintEnd(this.b, this.at + 1)
        this.at = this.resourceEnd = this.resourceStart + varintAt(this.b, this.at + 1)
        this.groupHead?.push(this.i, this.resourceFrom, this.resourceEnd)
      }
      this.scopeGroupEnd = this.#base + this.at
      return true
    }
  }

  nextScope(): boolean {
    this.#skipTo(this.scopeGroupEnd)
    while (this.#base + this.at < this.groupEnd) {
      this.#align()
      const from = this.at
      if (!this.#enter(SCOPES)) {
        this.groupHead?.push(this.i, from, this.at)
        continue
      }
      this.scopeGroupSlice = this.i
      this.scopeGroupFrom = from
      this.scopeGroupEnd = this.#fieldEnd
      this.#align()
      this.scopeBytes = this.b
      this.scopeSlice = this.i
      const hasScope = this.#base + this.at < this.scopeGroupEnd && this.b[this.at] === SCOPE
      this.scopeFrom = this.scopeStart = this.scopeEnd = this.at
      if (hasScope) {
        this.scopeStart = varintEnd(this.b, this.at + 1)
        this.at = this.scopeEnd = this.scopeStart + varintAt(this.b, this.at + 1)
        this.scopeHead?.push(this.i, this.scopeFrom, this.scopeEnd)
      }
      this.#itemsEnd = Math.min(this.scopeGroupEnd - this.#base, this.b.length)
      return true
    }
    return false
  }

  nextItem(): boolean {
    for (;;) {
      const from = this.at
      if (from >= this.#itemsEnd) {
        if (this.#base + from >= this.scopeGroupEnd) return false
        this.#align()
        this.#itemsEnd = Math.min(this.scopeGroupEnd - this.#base, this.b.length)
        continue
      }
      const b = this.b
      if (b[from] === ITEM) {
        this.itemFrom = from
        this.itemStart = varintEnd(b, from + 1)
        this.itemEnd = this.at = this.itemStart + varintAt(b, from + 1)
        return true
      }
      const tag = varintAt(b, from)
      this.at = valueEnd(b, varintEnd(b, from), tag & 7)
      this.scopeHead?.push(this.i, from, this.at)
    }
  }

  /** Moves behind the current group, so that `i` and `at` are its end. */
  skipGroup(): void {
    this.#skipTo(this.groupEnd)
  }
  /** Moves behind the current scope group. */
  skipScope(): void {
    this.#skipTo(this.scopeGroupEnd)
  }

  /** Visits every field but the children of the group or scope group whose tag is at this place. */
  eachHead(slice: number, from: number, child: number, visit: (b: Uint8Array, from: number, to: number) => void): void {
    const walk = new Walk(this.slices)
    walk.i = slice
    walk.b = this.slices[slice]
    walk.at = from
    walk.#enter(walk.b[from])
    const end = walk.#fieldEnd
    while (walk.#base + walk.at < end) {
      walk.#align()
      const { b, at } = walk
      if (walk.#enter(child)) walk.#skipTo(walk.#fieldEnd)
      else visit(b, at, walk.at)
    }
  }

  /** Another walk that stands where this one does. */
  fork(): Walk {
    const other = new Walk(this.slices)
    Object.assign(other, this)
    other.#base = this.#base
    other.#itemsEnd = this.#itemsEnd
    return other
  }

  #fieldEnd = 0

  /** Steps into the field here when it has this tag, else over it. */
  #enter(tag: number): boolean {
    const { b, at } = this
    if (b[at] === tag) {
      this.at = varintEnd(b, at + 1)
      this.#fieldEnd = this.#base + this.at + varintAt(b, at + 1)
      return true
    }
    this.at = valueEnd(b, varintEnd(b, at), varintAt(b, at) & 7)
    return false
  }

  /** Makes sure that the place is in a slice; false at the end of the last. */
  #align(): boolean {
    while (this.at >= this.b.length) {
      if (this.i + 1 >= this.slices.length) return false
      this.#base += this.b.length
      this.at -= this.b.length
      this.b = this.slices[++this.i]
    }
    return true
  }

  #skipTo(offset: number): void {
    this.at = Math.max(this.at, offset - this.#base)
    while (this.at > this.b.length && this.#align());
  }
}
