import type { z } from 'zod'
import { alternatives, inputSchema, type JsonSchema, step } from './input_schema.ts'

const REDACTED = '[redacted]'

/** A copy of `value` to be shown: what `schema` declares as `secret()` is not in it. */
export function redact(schema: z.ZodType, value: unknown): unknown {
  const root = inputSchema(schema)
  return hide(value, [root], root)
}

function hide(value: unknown, nodes: readonly JsonSchema[], root: JsonSchema): unknown {
  if (value === null || value === undefined) return value
  const possible = nodes.flatMap(node => alternatives(node, root))
  if (possible.some(({ writeOnly }) => writeOnly)) return REDACTED
  const below = (key: string | number) => possible.flatMap(node => step(node, key))
  if (Array.isArray(value)) return value.map((item, i) => hide(item, below(i), root))
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(inner, below(key), root)]))
}
