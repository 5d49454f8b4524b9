import type { z } from 'zod'
import { inputSchema, type JsonSchema } from './input_schema.ts'

/** One setting, as the reference shows it. */
export interface Setting {
  /** `tls.ca_file`; `<name>` for keys that one chooses, `[]` for entries of a list. */
  readonly key: string
  readonly type: string
  /** As one would write it; undefined when there is none. */
  readonly default?: string
  readonly required: boolean
  readonly description: string
}

/** All settings of a schema, sections before what is in them, in the order of the schema. */
export function settingsOf(schema: z.ZodType): Setting[] {
  const root = inputSchema(schema)
  return [...inside(root, '', root)]
}

function* inside(node: JsonSchema, prefix: string, root: JsonSchema): Generator<Setting> {
  const target = resolve(node, root)
  for (const [name, child] of Object.entries(target.properties ?? {})) {
    yield* setting(child as JsonSchema, prefix + name, target.required?.includes(name) ?? false, root)
  }
  const { additionalProperties: free } = target
  if (isSchema(free) && isSection(free, root)) yield* inside(free, `${prefix}<name>.`, root)
}

function* setting(node: JsonSchema, key: string, required: boolean, root: JsonSchema): Generator<Setting> {
  const target = resolve(node, root)
  const { description = target.description ?? '', default: value = target.default } = node
  const section = isSection(target, root)
  const shown = value === undefined || (section && JSON.stringify(value) === '{}') ? undefined : formatDefault(value)
  yield { key, type: typeName(target, root), default: shown, required, description }
  if (node.$ref) return
  if (section) yield* inside(target, `${key}.`, root)
  const { items } = target
  if (isSchema(items) && isSection(items, root)) yield* inside(items, `${key}[].`, root)
}

const isSchema = (node: unknown): node is JsonSchema =>
  typeof node === 'object' && node !== null && !Array.isArray(node)

function resolve(node: JsonSchema, root: JsonSchema): JsonSchema {
  if (!node.$ref?.startsWith('#/')) return node
  const name = node.$ref.split('/').at(-1) ?? ''
  return (root.$defs?.[name] as JsonSchema | undefined) ?? node
}

function isSection(node: JsonSchema, root: JsonSchema): boolean {
  const { properties, additionalProperties } = resolve(node, root)
  return properties !== undefined || (isSchema(additionalProperties) && isSection(additionalProperties, root))
}

const UNITS: Record<string, string> = {
  duration: 'duration',
  bytes: 'size',
  endpoint: 'host:port',
  url: 'URL',
  regex: 'regular expression',
}
const TYPES: Record<string, string> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
  object: 'section',
  null: 'nothing',
}

function typeName(node: JsonSchema, root: JsonSchema): string {
  const target = resolve(node, root)
  if (typeof target.unit === 'string') return UNITS[target.unit] ?? target.unit
  if (target.enum) return target.enum.map(value => `\`${value}\``).join(', ')
  if (target.const !== undefined) return `\`${target.const}\``
  const shapes = (target.anyOf ?? target.oneOf) as JsonSchema[] | undefined
  if (shapes) return [...new Set(shapes.map(shape => typeName(shape, root)))].join(' or ')
  if (target.type === 'array') return `list of ${isSchema(target.items) ? typeName(target.items, root) : 'anything'}`
  const { additionalProperties: free } = target
  if (target.type === 'object' && !target.properties && isSchema(free)) return `name: ${typeName(free, root)}`
  const types = [target.type ?? []].flat() as string[]
  return types.map(type => TYPES[type] ?? type).join(' or ') || 'anything'
}

function formatDefault(value: unknown): string {
  if (value === '') return '""'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
