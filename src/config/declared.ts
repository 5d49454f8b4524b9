import type { Components, Definition } from '../component/define.ts'
import { KINDS, type Kind } from '../component/types.ts'
import type { ConfigPath } from './model.ts'
import { hint } from './nearest.ts'

/** The sections of a config that hold components. */
export const SECTIONS = {
  receivers: 'receiver',
  processors: 'processor',
  exporters: 'exporter',
  connectors: 'connector',
  extensions: 'extension',
} as const satisfies Record<string, Kind>

/** A component id: its type, and what tells it from others of the same type. */
export interface ComponentId {
  readonly type: string
  readonly name?: string
}

/** `otlp/edge` → type and name; undefined when it is not an id (Collector: component.ID). */
export function parseId(text: string): ComponentId | undefined {
  const [, type, name] = /^\s*([A-Za-z][A-Za-z0-9_]{0,62})\s*(?:\/\s*(\S(?:.*\S)?)\s*)?$/.exec(text) ?? []
  return type === undefined ? undefined : { type, name }
}

export function formatId({ type, name }: ComponentId): string {
  return name === undefined ? type : `${type}/${name}`
}

/** The definition that a config means by `type`: by its name, or by an older one. */
export function lookUp(components: Components, kind: Kind, type: string): Definition | undefined {
  const definitions: ReadonlyMap<string, Definition> = components[kind]
  return definitions.get(type) ?? [...definitions.values()].find(({ aliases }) => aliases?.includes(type))
}

/** `batch` → `an exporter`. */
export function withArticle(kind: Kind): string {
  return kind === 'exporter' || kind === 'extension' ? `an ${kind}` : `a ${kind}`
}

/** What is wrong with a type that has no definition. */
export function unknownType(components: Components, kind: Kind, type: string): string {
  const elsewhere = KINDS.find(other => other !== kind && lookUp(components, other, type))
  if (elsewhere) return `"${type}" is ${withArticle(elsewhere)}, not ${withArticle(kind)}`
  const names = [...components[kind].values()].flatMap(({ type, aliases = [] }) => [type, ...aliases])
  return `unknown ${kind} "${type}"${hint(type, names)}`
}

/** A component that a section of the config names. */
export interface Declared {
  readonly kind: Kind
  /** In today's spelling. */
  readonly id: string
  /** As the file spells it. */
  readonly key: string
  readonly path: ConfigPath
  /** Undefined when the type is not known. */
  readonly definition?: Definition
}

/** All components of a config by kind and id; ids are found in every spelling of their type. */
export class Declarations {
  readonly #components: Components
  readonly #byKind = new Map<Kind, Map<string, Declared>>()

  constructor(components: Components) {
    this.#components = components
  }

  add(declared: Declared): void {
    const known = this.#byKind.get(declared.kind) ?? new Map<string, Declared>()
    this.#byKind.set(declared.kind, known.set(declared.id, declared))
  }

  /** `text` with the type in today's spelling; as it is when it is not an id of a known type. */
  canonical(kind: Kind, text: string): string {
    const id = parseId(text)
    if (!id) return text
    return formatId({ type: lookUp(this.#components, kind, id.type)?.type ?? id.type, name: id.name })
  }

  find(kinds: readonly Kind[], text: string): Declared | undefined {
    for (const kind of kinds) {
      const declared = this.#byKind.get(kind)?.get(this.canonical(kind, text))
      if (declared) return declared
    }
    return undefined
  }

  of(kind: Kind): Iterable<Declared> {
    return this.#byKind.get(kind)?.values() ?? []
  }

  /** What is wrong with a reference to `text` where `kinds` are possible and none is declared. */
  missing(kinds: readonly Kind[], text: string): string {
    const other = this.find(KINDS, text)
    if (other) return `"${text}" is ${withArticle(other.kind)}, and here stands ${kinds.map(withArticle).join(' or ')}`
    const keys = kinds.flatMap(kind => [...this.of(kind)].map(({ key }) => key))
    return `no ${kinds.join(' or ')} "${text}" is defined${hint(text, keys)}`
  }
}
