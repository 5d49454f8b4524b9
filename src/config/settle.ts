import type { z } from 'zod'
import { describeIssues, type Finding } from './issues.ts'
import type { ConfigPath } from './model.ts'
import { child, emptyMap, find, isBroken, type Tree, toValue } from './tree.ts'

type Issue = z.core.$ZodIssue

export type Settled<T> =
  | { readonly config: T; readonly findings?: undefined }
  | { readonly findings: readonly Finding[] }

/** Values may be replaced inside values that were replaced. */
const MAX_ROUNDS = 10

/**
 * Checks `tree` against `schema`. Where the schema does not take a value, what else it may mean is tried, as the Collector
 * does by the type of the field: the text of a reference in place of the number it spells (`${env:PASSWORD}` is 0123), and
 * for a key without a value an empty section, or the key left out. `tree` is changed accordingly.
 */
export function settle<S extends z.ZodType>(schema: S, tree: Tree): Settled<z.output<S>> {
  for (let round = 0; ; round++) {
    const value = toValue(tree)
    const result = schema.safeParse(value)
    if (result.success) return { config: result.data }
    if (round < MAX_ROUNDS && improve(tree, result.error.issues)) continue
    const findings = describeIssues(result.error.issues, schema, value)
    return { findings: findings.filter(({ path }) => !isBroken(tree, path)) }
  }
}

/** What was expected at a place where something else stands. */
interface Mismatch {
  readonly path: ConfigPath
  readonly expected: Set<string>
}

function improve(tree: Tree, issues: readonly Issue[]): boolean {
  let changed = false
  for (const { path, expected } of mismatches(issues, [])) {
    const node = find(tree, path)
    const parent = find(tree, path.slice(0, -1))
    if (!node || node.broken || !parent || path.length === 0) continue
    if (node.instead !== undefined && wants(expected, node.instead))
      changed = replace(parent, path, asScalar(node)) || changed
    else if (node.kind === 'scalar' && node.value === null) changed = fillEmpty(parent, path, node, expected) || changed
  }
  return changed
}

function mismatches(issues: readonly Issue[], base: ConfigPath): Mismatch[] {
  const byPath = new Map<string, Mismatch>()
  const add = (path: ConfigPath, type: string) => {
    const key = JSON.stringify(path)
    const known = byPath.get(key)
    if (known) known.expected.add(type)
    else byPath.set(key, { path, expected: new Set([type]) })
  }
  for (const issue of issues) {
    const path = [...base, ...(issue.path as ConfigPath)]
    if (issue.code === 'invalid_type') add(path, issue.expected)
    else if (issue.code === 'invalid_value') for (const value of issue.values) add(path, typeof value)
    else if (issue.code === 'invalid_union') {
      if (issue.errors.length === 0) add(path, 'string')
      for (const inner of mismatches(issue.errors.flat(), path))
        for (const type of inner.expected) add(inner.path, type)
    }
  }
  return [...byPath.values()]
}

function wants(expected: ReadonlySet<string>, value: unknown): boolean {
  return expected.has(typeof value) || (typeof value === 'number' && expected.has('int'))
}

function asScalar({ place, instead }: Tree): Tree {
  return { kind: 'scalar', place, value: instead ?? null, quoted: true }
}

/** A key without a value: an empty section where one is expected, else as if the key were not there. */
function fillEmpty(parent: Tree, path: ConfigPath, node: Tree, expected: ReadonlySet<string>): boolean {
  if (expected.has('object') || expected.has('record')) return replace(parent, path, emptyMap(node.place))
  if (parent.kind !== 'map' || node.absent) return false
  node.absent = true
  return true
}

function replace(parent: Tree, path: ConfigPath, tree: Tree): boolean {
  const key = path.at(-1) ?? ''
  if (!child(parent, key)) return false
  if (parent.kind === 'list') parent.items[Number(key)] = tree
  else if (parent.kind === 'map') {
    const entry = parent.entries.get(String(key))
    if (entry) entry.value = tree
  }
  return true
}
