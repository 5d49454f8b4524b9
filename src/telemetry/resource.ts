import { type AttributeBytes, encodeAttributes, hashAttributes, NO_ATTRIBUTES } from './attributes.ts'
import { combine, type Hash128, hashBytes } from './hash.ts'

/** What produces telemetry. Immutable; identity is its attributes and schema URL. */
export interface Resource {
  readonly attributes: AttributeBytes
  readonly schemaUrl: string
  readonly droppedAttributesCount: number
}
export const NO_RESOURCE: Resource = { attributes: NO_ATTRIBUTES, schemaUrl: '', droppedAttributesCount: 0 }

/** What inside the resource produces it: an instrumentation library. Immutable. */
export interface Scope {
  readonly name: string
  readonly version: string
  readonly attributes: AttributeBytes
  readonly schemaUrl: string
  readonly droppedAttributesCount: number
}
export const NO_SCOPE: Scope = {
  name: '',
  version: '',
  attributes: NO_ATTRIBUTES,
  schemaUrl: '',
  droppedAttributesCount: 0,
}

const encoder = new TextEncoder()
const part: Hash128 = new Uint32Array(4)

/** Mixes the text into `out`. */
export function hashText(text: string, seed: Hash128, out: Hash128): void {
  const bytes = encoder.encode(text)
  hashBytes(bytes, 0, bytes.length, seed, part)
  combine(out, part)
}

const sum: Hash128 = new Uint32Array(4)
function hashOwner(owner: { attributes: AttributeBytes; schemaUrl: string }, seed: Hash128): Hash128 {
  const out = new Uint32Array(4)
  hashText(owner.schemaUrl, seed, out)
  sum.fill(0)
  hashAttributes(owner.attributes, seed, sum)
  combine(out, sum)
  return out
}

export function hashResource(resource: Resource, seed: Hash128): Hash128 {
  return hashOwner(resource, seed)
}
export function hashScope(scope: Scope, seed: Hash128): Hash128 {
  const out = hashOwner(scope, seed)
  hashText(scope.name, seed, out)
  hashText(scope.version, seed, out)
  return out
}

/** A resource with string attributes, as receivers make it. */
export function resourceOf(attributes: Record<string, string>): Resource {
  return { ...NO_RESOURCE, attributes: encodeAttributes(Object.entries(attributes)) }
}
