import { z } from 'zod'
import { formatBytes, formatDuration } from './units.ts'

export type JsonSchema = z.core.JSONSchema.JSONSchema

/** Formats of zod (`starts_with`) that JSON Schema does not have say nothing that their pattern does not. */
const STANDARD_FORMATS = new Set([
  'date-time',
  'date',
  'time',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
  'regex',
])

/**
 * JSON Schema of what one may write for `schema`, with defaults as one would write them. `unit` tells what a text or
 * number stands for: duration, bytes, endpoint, url, regex.
 */
export function inputSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod
      if (!STANDARD_FORMATS.has(String(jsonSchema.format))) delete jsonSchema.format
      if (def.type === 'default') jsonSchema.default = asWritten(def.defaultValue, jsonSchema.unit)
    },
  })
  return jsonSchema
}

function asWritten(value: unknown, unit: unknown): JsonSchema['default'] {
  if (typeof value === 'number' && unit === 'duration') return formatDuration(value)
  if (typeof value === 'number' && unit === 'bytes') return formatBytes(value)
  return JSON.parse(JSON.stringify(value))
}

/** What `node` says of the value below `key`; nothing, or one schema. */
export function step(node: JsonSchema, key: string | number): JsonSchema[] {
  const next = typeof key === 'number' ? node.items : (node.properties?.[key] ?? node.additionalProperties)
  return typeof next === 'object' && !Array.isArray(next) ? [next as JsonSchema] : []
}

/** A node and every shape that it may have instead. `$ref` is looked up in `root`. */
export function alternatives(node: JsonSchema, root: JsonSchema): JsonSchema[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])] as JsonSchema[]
  if (node.$ref?.startsWith('#/')) inner.push(resolveRef(node.$ref, root))
  return [node, ...inner.flatMap(one => alternatives(one, root))]
}

function resolveRef(ref: string, root: JsonSchema): JsonSchema {
  let node: unknown = root
  for (const key of ref.slice(2).split('/')) node = (node as Record<string, unknown> | undefined)?.[key]
  return (node ?? {}) as JsonSchema
}
