import type { Components } from '../component/define.ts'
import { SIGNALS } from '../component/types.ts'
import { SECTIONS } from './declared.ts'
import { inputSchema, type JsonSchema } from './input_schema.ts'
import { serviceSchema } from './service.ts'

/** A text that holds a reference stands for any scalar. */
const REFERENCE: JsonSchema = { type: 'string', pattern: '\\$\\{' }

/** JSON Schema (2020-12) of a config file with these components, for editors. */
export function configSchema(components: Components): JsonSchema {
  const definitions: Record<string, JsonSchema> = { service: widen(serviceInput(), '#/$defs/service') }
  const sections: Record<string, JsonSchema> = {}
  for (const [section, kind] of Object.entries(SECTIONS)) {
    const patternProperties: Record<string, JsonSchema> = {}
    for (const { type, aliases = [], config } of components[kind].values()) {
      const name = `${kind}.${type}`
      definitions[name] = widen(inputSchema(config), `#/$defs/${name}`)
      patternProperties[`^(${[type, ...aliases].join('|')})(/.+)?$`] = { $ref: `#/$defs/${name}` }
    }
    sections[section] = {
      type: ['object', 'null'] as unknown as 'object',
      patternProperties,
      additionalProperties: false,
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Millrace configuration',
    type: 'object',
    properties: { ...sections, service: { $ref: '#/$defs/service' } },
    additionalProperties: false,
    $defs: definitions,
  }
}

function serviceInput(): JsonSchema {
  const service = inputSchema(serviceSchema)
  const { properties = {} } = service
  const { additionalProperties: pipeline, propertyNames: _, ...pipelines } = properties.pipelines as JsonSchema
  const patternProperties = { [`^(${SIGNALS.join('|')})(/.+)?$`]: pipeline }
  const strict = { ...pipelines, patternProperties, additionalProperties: false } as JsonSchema
  return { ...service, properties: { ...properties, pipelines: strict } }
}

/** Lets scalars be references and sections be empty, and makes references within the schema hold where it is put. */
function widen(node: JsonSchema, root: string): JsonSchema {
  const { unit: _, ...rest } = mapChildren(node, child => widen(child, root))
  if (rest.$ref?.startsWith('#')) rest.$ref = `${root}${rest.$ref.slice(1)}`
  if (rest.type === 'object') return { ...rest, type: ['object', 'null'] as unknown as 'object' }
  return isNarrowScalar(rest) ? withReference(rest) : rest
}

function withReference({ description, default: value, writeOnly, ...node }: JsonSchema): JsonSchema {
  return {
    ...(description !== undefined && { description }),
    ...(value !== undefined && { default: value }),
    ...(writeOnly !== undefined && { writeOnly }),
    anyOf: [node, REFERENCE],
  }
}

const SCALARS = ['string', 'number', 'integer', 'boolean']

/** A scalar that does not take every text anyway. */
function isNarrowScalar(node: JsonSchema): boolean {
  if (node.enum || node.const !== undefined) return true
  const types = [node.type ?? []].flat() as string[]
  if (types.length === 0 || !types.every(type => SCALARS.includes(type) || type === 'null')) return false
  const bounded = ['pattern', 'format', 'maxLength'].some(key => key in node)
  return bounded || !types.includes('string')
}

function mapChildren(node: JsonSchema, map: (child: JsonSchema) => JsonSchema): JsonSchema {
  const result: Record<string, unknown> = { ...node }
  for (const key of ['properties', 'patternProperties', '$defs'] as const) {
    const children = node[key] as Record<string, JsonSchema> | undefined
    if (children) result[key] = Object.fromEntries(Object.entries(children).map(([name, child]) => [name, map(child)]))
  }
  for (const key of ['items', 'additionalProperties', 'propertyNames', 'not'] as const) {
    const child = node[key]
    if (typeof child === 'object' && !Array.isArray(child))
      result[key] = key === 'propertyNames' ? child : map(child as JsonSchema)
  }
  for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const) {
    const children = node[key] as JsonSchema[] | undefined
    if (children) result[key] = children.map(map)
  }
  return result as JsonSchema
}
