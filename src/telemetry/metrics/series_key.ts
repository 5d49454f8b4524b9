import { type AttributeBytes, hashAttributes } from '../attributes.ts'
import { combine, type Hash128 } from '../hash.ts'
import { hashResource, hashScope, type Resource, type Scope } from '../resource.ts'
import { type Descriptor, hashDescriptor } from './descriptor.ts'

/** What a series is: identity by `hash`, the rest is what the hash was made of. Views may be valid only for a call: copy to keep. */
export interface SeriesKey {
  readonly hash: Hash128
  readonly resource: Resource
  readonly scope: Scope
  readonly descriptor: Descriptor
  readonly attributes: AttributeBytes
}

/** Makes keys for one seed; the hashes of resources, scopes and descriptors are computed once an object. */
export class KeyMaker {
  readonly seed: Hash128
  readonly #resources = new WeakMap<Resource, Hash128>()
  readonly #scopes = new WeakMap<Scope, Hash128>()
  readonly #descriptors = new WeakMap<Descriptor, Hash128>()
  readonly #labels: Hash128 = new Uint32Array(4)

  constructor(seed: Hash128) {
    this.seed = seed
  }

  key(resource: Resource, scope: Scope, descriptor: Descriptor, attributes: AttributeBytes): SeriesKey {
    const hash: Hash128 = new Uint32Array(4)
    this.hash(resource, scope, descriptor, attributes, hash)
    return { hash, resource, scope, descriptor, attributes }
  }

  /** Writes the identity to `out`; no allocation when resource, scope and descriptor were seen before. */
  hash(resource: Resource, scope: Scope, descriptor: Descriptor, attributes: AttributeBytes, out: Hash128): void {
    const labels = this.#labels
    labels.fill(0)
    hashAttributes(attributes, this.seed, labels)
    this.metricHash(resource, scope, descriptor, out)
    combine(out, labels)
  }

  /** Writes to `out` what the series of one metric have in common: combined with the sum of their attributes' hashes it is their identity. */
  metricHash(resource: Resource, scope: Scope, descriptor: Descriptor, out: Hash128): void {
    out.set(this.descriptorHash(descriptor))
    combine(out, this.resourceHash(resource))
    combine(out, this.scopeHash(scope))
  }

  resourceHash(resource: Resource): Hash128 {
    return remember(this.#resources, resource, hashResource, this.seed)
  }
  scopeHash(scope: Scope): Hash128 {
    return remember(this.#scopes, scope, hashScope, this.seed)
  }
  descriptorHash(descriptor: Descriptor): Hash128 {
    return remember(this.#descriptors, descriptor, hashDescriptor, this.seed)
  }
}

function remember<T extends object>(
  known: WeakMap<T, Hash128>,
  item: T,
  hash: (item: T, seed: Hash128) => Hash128,
  seed: Hash128,
): Hash128 {
  const before = known.get(item)
  if (before) return before
  const result = hash(item, seed)
  known.set(item, result)
  return result
}
