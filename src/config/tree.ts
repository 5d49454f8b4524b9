import type { ConfigPath } from './model.ts'
import type { Place } from './problems.ts'
import type { Scalar } from './scalar.ts'

interface Node {
  place: Place
  /** What to take where the schema does not take the value: the text of a reference, or what quoted text stands for. */
  instead?: Scalar
  /** A problem with it is known already: what the schema says about it is not worth telling. */
  broken?: boolean
  /** A key without a value: as if it were not there. */
  absent?: boolean
}
export interface ScalarNode extends Node {
  readonly kind: 'scalar'
  value: Scalar
  readonly quoted: boolean
}
export interface ListNode extends Node {
  readonly kind: 'list'
  readonly items: Tree[]
}
export interface MapNode extends Node {
  readonly kind: 'map'
  readonly entries: Map<string, Entry>
}
export interface Entry {
  keyPlace: Place
  value: Tree
}

/** A config as written: every value and key with its place. Trees are copied on reading, so no part is in two of them. */
export type Tree = ScalarNode | ListNode | MapNode

export function emptyMap(place: Place): MapNode {
  return { kind: 'map', place, entries: new Map() }
}

/** The plain value of a tree. What is broken or absent is left out of maps, and null in lists. */
export function toValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.broken ? null : tree.value
  if (tree.kind === 'list') return tree.items.map(toValue)
  const object: Record<string, unknown> = {}
  for (const [key, { value }] of tree.entries) if (!value.broken && !value.absent) object[key] = toValue(value)
  return object
}

export function child(tree: Tree | undefined, key: string | number): Tree | undefined {
  if (tree?.kind === 'map') return tree.entries.get(String(key))?.value
  if (tree?.kind === 'list') return tree.items[Number(key)]
  return undefined
}

export function find(tree: Tree | undefined, path: ConfigPath): Tree | undefined {
  let node = tree
  for (const key of path) node = child(node, key)
  return node
}

/** Whether the value at `path`, or what it is part of, has a problem that is already told. */
export function isBroken(tree: Tree, path: ConfigPath): boolean {
  return path.some((_, i) => find(tree, path.slice(0, i + 1))?.broken === true)
}

/**
 * Where to point for `path`: at the value when it is a scalar or in a list, at its key when it is a section or empty; for
 * what is not there at the nearest thing around it.
 */
export function locate(root: Tree, path: ConfigPath): Place {
  let place = root.place
  let node: Tree | undefined = root
  for (const key of path) {
    const entry: Entry | undefined = node?.kind === 'map' ? node.entries.get(String(key)) : undefined
    node = entry?.value ?? child(node, key)
    if (!node) return place
    place = entry && isSection(node) ? entry.keyPlace : node.place
  }
  return place
}

/** Where the last key of `path` stands. */
export function locateKey(root: Tree, path: ConfigPath): Place {
  const parent = find(root, path.slice(0, -1))
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined
  return entry?.keyPlace ?? locate(root, path)
}

const isSection = (node: Tree) => node.kind !== 'scalar' || (node.value === null && !node.quoted)

/** Lays `over` on `base`: maps merge, lists and scalars are replaced. Changes and returns `base` where it is a map. */
export function merge(base: Tree, over: Tree): Tree {
  if (base.kind !== 'map' || over.kind !== 'map') return over
  for (const [key, entry] of over.entries) {
    const under = base.entries.get(key)
    if (under?.value.kind === 'map' && entry.value.kind === 'map') merge(under.value, entry.value)
    else base.entries.set(key, entry)
  }
  return base
}
