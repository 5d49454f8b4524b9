import type { z } from 'zod'
import { alternatives, inputSchema, step } from './input_schema.ts'
import type { ConfigPath } from './model.ts'
import { hint } from './nearest.ts'

type Issue = z.core.$ZodIssue

/** What a schema says against a value, in the words that users see; paths are relative to the value. */
export interface Finding {
  readonly path: ConfigPath
  readonly message: string
  /** It is about the key, not about what the key is set to. */
  readonly atKey?: boolean
}

/** Words of users for what `schema` found wrong with `value`. Values themselves are never repeated: they may be secret. */
export function describeIssues(issues: readonly Issue[], schema: z.ZodType, value: unknown): Finding[] {
  return issues.flatMap(issue => describe(issue, [], schema, value))
}

function describe(issue: Issue, base: ConfigPath, schema: z.ZodType, value: unknown): Finding[] {
  const path = [...base, ...(issue.path as ConfigPath)]
  const at = valueAt(value, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => unknownKey(key, path, schema))
    case 'invalid_union':
      return describeUnion(issue, path, schema, value)
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.map(({ message }) => ({ path, message: lower(message), atKey: issue.code === 'invalid_key' }))
    case 'invalid_type':
      return [{ path, message: at === undefined ? MISSING : expected([issue.expected], at, issue.message) }]
    case 'invalid_value':
      return [{ path, message: at === undefined ? MISSING : oneOf(issue.values, at) }]
    case 'too_small':
      return [{ path, message: tooSmall(issue) }]
    case 'too_big':
      return [{ path, message: tooBig(issue) }]
    default:
      return [{ path, message: issue.code === 'custom' ? issue.message : lower(issue.message) }]
  }
}

const MISSING = 'missing: this key is required'

function unknownKey(key: string, path: ConfigPath, schema: z.ZodType): Finding {
  const known = knownKeys(schema, path)
  const meant = hint(key, known)
  const few = known.length > 0 && known.length <= 12
  const message = `unknown key${meant || (few ? `; the keys here are ${known.join(', ')}` : '')}`
  return { path: [...path, key], message, atKey: true }
}

/** Several shapes are possible and none fits: what the nearest one lacks, or what all of them are. */
function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: ConfigPath,
  schema: z.ZodType,
  value: unknown,
): Finding[] {
  const at = valueAt(value, path)
  if (at === undefined) return [{ path, message: MISSING }]
  const branches = issue.errors as Issue[][]
  if ('options' in issue && Array.isArray(issue.options) && issue.options.length > 0) {
    return [{ path, message: oneOf(issue.options as z.core.util.Primitive[], at) }]
  }
  const ownMessage = issue.message !== 'Invalid input' || branches.length === 0
  if (ownMessage) return [{ path, message: issue.message }]
  const fitting = branches.filter(branch => branch.every(({ path }) => path.length > 0))
  if (fitting.length > 0) {
    const [nearest] = fitting.sort((a, b) => a.length - b.length)
    return nearest.flatMap(inner => describe(inner, path, schema, value))
  }
  const roots = branches.flat().filter(({ path }) => path.length === 0)
  const types = roots.flatMap(inner => (inner.code === 'invalid_type' ? [inner.expected] : []))
  const other = roots.find(inner => inner.code !== 'invalid_type')
  if (other && types.length < branches.length) return describe(other, path, schema, value)
  return [{ path, message: expected(types, at) }]
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section with keys',
  record: 'a section with keys',
  null: 'nothing',
}
const typeWord = (type: string) => TYPE_WORDS[type] ?? type

function expected(types: readonly string[], at: unknown, ownMessage = 'Invalid input'): string {
  if (!ownMessage.startsWith('Invalid input')) return ownMessage
  const got = typeOf(at)
  const words = [...new Set(types.map(typeWord))].join(' or ')
  const quotes = types.includes('string') && (got === 'number' || got === 'boolean')
  if (types.includes('int') && got === 'number') return 'expected a whole number'
  return `expected ${words}, got ${typeWord(got)}${quotes ? ': put it in quotes' : ''}`
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function oneOf(options: readonly z.core.util.Primitive[], at: unknown): string {
  const words = options.map(String)
  const quotes = typeof at !== 'string' && words.includes(String(at)) ? ': put it in quotes' : ''
  const meant = typeof at === 'string' ? hint(at, words) : quotes
  return `expected ${words.length > 1 ? 'one of ' : ''}${words.join(', ')}${meant}`
}

function tooSmall({ origin, minimum, inclusive }: z.core.$ZodIssueTooSmall): string {
  const atLeast = `${inclusive ? 'at least' : 'more than'} ${minimum}`
  if (origin === 'string') return minimum === 1 ? 'must not be empty' : `must have ${atLeast} characters`
  if (origin === 'array' || origin === 'set')
    return minimum === 1 ? 'must not be empty' : `must have ${atLeast} entries`
  return `must be ${atLeast}`
}

function tooBig({ origin, maximum, inclusive }: z.core.$ZodIssueTooBig): string {
  const atMost = `${inclusive ? 'at most' : 'less than'} ${maximum}`
  if (origin === 'string') return `must have ${atMost} characters`
  return origin === 'array' || origin === 'set' ? `must have ${atMost} entries` : `must be ${atMost}`
}

const lower = (message: string) => message.charAt(0).toLowerCase() + message.slice(1)

function valueAt(value: unknown, path: ConfigPath): unknown {
  let at = value
  for (const key of path) at = (at as Record<string | number, unknown> | null | undefined)?.[key]
  return at
}

/** The keys that a section at `path` may have; found in its JSON Schema, which has all the wrappers of a schema resolved. */
export function knownKeys(schema: z.ZodType, path: ConfigPath): string[] {
  const root = inputSchema(schema)
  let nodes = alternatives(root, root)
  for (const key of path) nodes = nodes.flatMap(node => step(node, key)).flatMap(node => alternatives(node, root))
  return [...new Set(nodes.flatMap(node => Object.keys(node.properties ?? {})))]
}
