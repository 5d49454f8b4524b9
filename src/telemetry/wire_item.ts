import { textAt, varintEnd } from './wire_bytes.ts'
import { type Shape, WireMessage } from './wire_message.ts'
import { ResourceCursor, ScopeCursor } from './wire_owner.ts'
import { ITEM, SCHEMA_URL, SCOPES, type Walk } from './wire_walk.ts'

/** Where items lie: the slices of a batch and the group that the walk is in. Cursors of one loop share it. */
export class Place {
  readonly walk: Walk
  readonly resource: ResourceCursor
  readonly scope: ScopeCursor
  /** Count up as the loop enters another group. */
  resourceIndex = -1
  scopeIndex = -1

  constructor(walk: Walk) {
    this.walk = walk
    this.resource = new ResourceCursor(() => groupSchemaUrl(walk))
    this.scope = new ScopeCursor(() => scopeSchemaUrl(walk))
  }
  enterGroup(): void {
    const { walk } = this
    this.resource.place(walk.resourceBytes, walk.resourceStart, walk.resourceEnd)
    this.resourceIndex++
  }
  enterScope(): void {
    const { walk } = this
    this.scope.place(walk.scopeBytes, walk.scopeStart, walk.scopeEnd)
    this.scopeIndex++
  }
  /** The same place, standing still. */
  keep(): Place {
    const kept = new Place(this.walk.fork())
    kept.enterGroup()
    kept.enterScope()
    kept.resourceIndex = this.resourceIndex
    kept.scopeIndex = this.scopeIndex
    return kept
  }
}

/** One span or log record of a batch. A flyweight inside a loop: what `ref()` gives stays. */
export abstract class WireItem extends WireMessage {
  readonly at: Place

  constructor(of: Shape, at: Place) {
    super(of)
    this.at = at
  }
  /** Valid while the loop is in this group. */
  get resource(): ResourceCursor {
    return this.at.resource
  }
  get scope(): ScopeCursor {
    return this.at.scope
  }
  /** Changes when the resource does, for what is worked out once a group. */
  get resourceIndex(): number {
    return this.at.resourceIndex
  }
  get scopeIndex(): number {
    return this.at.scopeIndex
  }
  /** A cursor that stays on this item. It keeps the whole request in memory. */
  ref(): this {
    this.ready()
    const kept = this.on(this.at.keep())
    kept.place(this.bytes, this.start, this.end)
    return kept
  }
  protected abstract on(at: Place): this
}

function groupSchemaUrl(walk: Walk): string {
  return schemaUrl(walk, walk.groupSlice, walk.groupFrom, SCOPES)
}
function scopeSchemaUrl(walk: Walk): string {
  return schemaUrl(walk, walk.scopeGroupSlice, walk.scopeGroupFrom, ITEM)
}

/** Field 3 of a group or scope group; the last one counts. */
function schemaUrl(walk: Walk, slice: number, from: number, child: number): string {
  let url = ''
  walk.eachHead(slice, from, child, (b, at, end) => {
    if (b[at] === SCHEMA_URL) url = textAt(b, varintEnd(b, at + 1), end)
  })
  return url
}
