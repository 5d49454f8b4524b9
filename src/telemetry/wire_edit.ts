import { putVarint } from './wire_bytes.ts'
import { Changes } from './wire_changes.ts'
import type { Place, WireItem } from './wire_item.ts'
import { ScopeChanges } from './wire_item_changes.ts'
import type { ResourceCursor, ScopeCursor } from './wire_owner.ts'
import { RopeWriter } from './wire_rope.ts'
import { GROUP, ITEM, RESOURCE, SCOPE, SCOPES, type Walk } from './wire_walk.ts'

/**
 * What to do with each resource, scope and item of a batch, in the order of the bytes. What is not given is not looked at:
 * an edit of resources alone costs nothing for each item. `change.drop()` removes the item, or the group and all that is
 * in it. The edit of an item may also change its resource and scope through `owners`, for all items of the group.
 */
export interface Edit<T extends WireItem, C extends Changes> {
  resource?(resource: ResourceCursor, change: Changes): void
  scope?(scope: ScopeCursor, change: ScopeChanges, resource: ResourceCursor): void
  item?(item: T, change: C, owners: Owners): void
}
export interface Owners {
  readonly resource: Omit<Changes, 'drop'>
  readonly scope: Omit<ScopeChanges, 'drop'>
}

/** A group or scope group that is written anew: two holes, for its header and its resource or scope. */
class Level {
  /** The first hole; -1 while the group is shared as it is. */
  hole = -1
  /** What was written before it. */
  before = 0
  /** Items and untouched scope groups that stay. */
  kept = 0
}

/** Applies an edit in one walk. Everything between two changes is shared, untouched groups with their headers. */
export class Editor<T extends WireItem, C extends Changes> {
  readonly #walk: Walk
  readonly #at: Place
  readonly #item: T
  readonly #edit: Edit<T, C>
  readonly #changes: C
  readonly #owners: { resource: Changes; scope: ScopeChanges }
  readonly #rope = new RopeWriter()
  readonly #group = new Level()
  readonly #scope = new Level()
  /** Up to here everything is written. */
  #doneSlice = 0
  #done = 0
  /** Items that disappeared. */
  dropped = 0

  constructor(at: Place, item: T, changes: C, edit: Edit<T, C>) {
    this.#at = at
    this.#walk = at.walk
    this.#item = item
    this.#changes = changes
    this.#edit = edit
    this.#owners = { resource: new Changes(at.resource), scope: new ScopeChanges(at.scope) }
  }

  /** The slices of the edited batch; undefined when nothing changed. */
  run(): Uint8Array[] | undefined {
    const walk = this.#walk
    while (walk.nextGroup()) this.#editGroup()
    if (this.#done === 0 && this.#doneSlice === 0) return undefined
    const last = walk.slices.length - 1
    this.#share(last, walk.slices[last].length)
    return this.#rope.finish()
  }

  #editGroup(): void {
    const walk = this.#walk
    const { resource } = this.#owners
    this.#at.enterGroup()
    resource.reset()
    this.#group.kept = 0
    this.#edit.resource?.(this.#at.resource, resource)
    if (resource.dropped) {
      this.#share(walk.groupSlice, walk.groupFrom)
      while (walk.nextScope()) this.#countDropped()
      walk.skipGroup()
      this.#doneTo(walk.i, walk.at)
      return
    }
    if (this.#edit.scope || this.#edit.item) while (walk.nextScope()) this.#editScope()
    else this.#group.kept = 1
    if (resource.changed) this.#openGroup()
    if (this.#group.hole < 0) return
    walk.skipGroup()
    this.#close(this.#group)
    if (this.#group.hole < 0) return
    const { hole } = this.#group
    if (resource.changed) this.#fillOwner(hole, RESOURCE, resource)
    else this.#rope.fill(hole + 1, walk.resourceBytes, walk.resourceFrom, walk.resourceEnd)
    this.#fillHeader(this.#group, GROUP)
  }

  #editScope(): void {
    const walk = this.#walk
    const { scope } = this.#owners
    this.#at.enterScope()
    scope.reset()
    this.#scope.kept = 0
    this.#edit.scope?.(this.#at.scope, scope, this.#at.resource)
    if (scope.dropped) {
      this.#openGroup()
      this.#share(walk.scopeGroupSlice, walk.scopeGroupFrom)
      this.#countDropped()
      walk.skipScope()
      this.#doneTo(walk.i, walk.at)
      return
    }
    if (this.#edit.item) while (walk.nextItem()) this.#editItem(this.#edit.item)
    else this.#scope.kept = 1
    if (scope.changed) this.#openScope()
    if (this.#scope.hole < 0) {
      this.#group.kept++
      return
    }
    walk.skipScope()
    this.#close(this.#scope)
    if (this.#scope.hole < 0) return
    const { hole } = this.#scope
    if (scope.changed) this.#fillOwner(hole, SCOPE, scope)
    else this.#rope.fill(hole + 1, walk.scopeBytes, walk.scopeFrom, walk.scopeEnd)
    this.#fillHeader(this.#scope, SCOPES)
    this.#group.kept++
  }

  #editItem(edit: NonNullable<Edit<T, C>['item']>): void {
    const walk = this.#walk
    const changes = this.#changes
    this.#item.place(walk.b, walk.itemStart, walk.itemEnd)
    changes.reset()
    edit(this.#item, changes, this.#owners)
    if (changes.dropped) this.dropped++
    else this.#scope.kept++
    if (!changes.dropped && !changes.changed) return
    this.#openScope()
    this.#share(walk.i, walk.itemFrom)
    if (!changes.dropped) this.#writeItem(changes)
    this.#doneTo(walk.i, walk.itemEnd)
  }

  #writeItem(changes: Changes): void {
    const { length } = changes
    const { chunk, at } = this.#rope.room(length + 6)
    chunk[at] = ITEM
    this.#rope.wrote(changes.write(chunk, putVarint(chunk, at + 1, length)))
  }

  #openGroup(): void {
    if (this.#group.hole >= 0) return
    const walk = this.#walk
    this.#share(walk.groupSlice, walk.groupFrom)
    this.#open(this.#group)
    this.#doneTo(walk.resourceSlice, walk.resourceEnd)
  }

  #openScope(): void {
    if (this.#scope.hole >= 0) return
    this.#openGroup()
    const walk = this.#walk
    this.#share(walk.scopeGroupSlice, walk.scopeGroupFrom)
    this.#open(this.#scope)
    this.#doneTo(walk.scopeSlice, walk.scopeEnd)
  }

  #open(level: Level): void {
    level.before = this.#rope.sizeBytes
    level.hole = this.#rope.hole()
    this.#rope.hole()
  }

  /** Shares what is left of the group that the walk stands behind, and takes it all back when nothing is in it. */
  #close(level: Level): void {
    this.#share(this.#walk.i, this.#walk.at)
    if (level.kept > 0) return
    this.#rope.truncate(level.hole, level.before)
    level.hole = -1
  }

  #fillOwner(hole: number, tag: number, changes: Changes): void {
    this.#rope.fillField(hole + 1, tag, changes.length, (to, at) => changes.write(to, at))
  }

  #fillHeader(level: Level, tag: number): void {
    this.#rope.fillHeader(level.hole, tag, this.#rope.sizeBytes - level.before)
    level.hole = -1
  }

  #countDropped(): void {
    while (this.#walk.nextItem()) this.dropped++
  }

  #doneTo(slice: number, at: number): void {
    this.#doneSlice = slice
    this.#done = at
  }

  /** Appends everything between what is written and this place. */
  #share(slice: number, to: number): void {
    const { slices } = this.#walk
    for (; this.#doneSlice < slice; this.#doneSlice++, this.#done = 0)
      this.#rope.share(slices[this.#doneSlice], this.#done, slices[this.#doneSlice].length)
    this.#rope.share(slices[slice], this.#done, to)
    this.#done = to
  }
}
