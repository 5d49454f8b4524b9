import type { Resource, Scope } from './resource.ts'
import { shape, WireMessage } from './wire_message.ts'

// message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; repeated EntityRef entity_refs = 3; }
// message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3;
//                                uint32 dropped_attributes_count = 4; }
const RESOURCE = shape(1, 3)
const SCOPE = shape(3)

/** What the group of a cursor has in common. `schemaUrl` stands behind the group's items, so it is looked up on demand. */
export class ResourceCursor extends WireMessage {
  readonly #schemaUrl: () => string
  constructor(schemaUrl: () => string) {
    super(RESOURCE)
    this.#schemaUrl = schemaUrl
  }
  get droppedAttributesCount(): number {
    return this.varintOf(2)
  }
  get schemaUrl(): string {
    return this.#schemaUrl()
  }
  /** A resource to keep, with bytes of its own. */
  keep(): Resource {
    const { schemaUrl, droppedAttributesCount } = this
    return { attributes: this.attributes(), schemaUrl, droppedAttributesCount }
  }
}

export class ScopeCursor extends WireMessage {
  readonly #schemaUrl: () => string
  constructor(schemaUrl: () => string) {
    super(SCOPE)
    this.#schemaUrl = schemaUrl
  }
  get name(): string {
    return this.textOf(1)
  }
  get version(): string {
    return this.textOf(2)
  }
  get droppedAttributesCount(): number {
    return this.varintOf(4)
  }
  get schemaUrl(): string {
    return this.#schemaUrl()
  }
  /** A scope to keep, with bytes of its own. */
  keep(): Scope {
    const { name, version, schemaUrl, droppedAttributesCount } = this
    return { name, version, attributes: this.attributes(), schemaUrl, droppedAttributesCount }
  }
}
