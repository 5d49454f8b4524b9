import type { Alias, Node, Pair, YAMLMap, YAMLSeq, Scalar as YamlScalar } from 'yaml'
import { isAlias, isMap, isNode, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import type { LocatedProblem, Place } from './problems.ts'
import { plainScalar, type Scalar } from './scalar.ts'
import type { Entry, ListNode, MapNode, Tree } from './tree.ts'

/** Longest text that is read as YAML, bytes or characters. */
export const MAX_TEXT_LENGTH = 4 * 2 ** 20
/** Most values that one text may have once its aliases are resolved. */
export const MAX_VALUES = 100_000
const MAX_DEPTH = 100
/** What follows the first mistakes is mostly their consequence. */
const MAX_SYNTAX_PROBLEMS = 3

export interface YamlResult {
  /** Undefined when the text can't be read at all. */
  readonly tree?: Tree
  readonly problems: LocatedProblem[]
}

/** Reads one YAML document. With `at`, every value has that place: the text stands for a reference there. */
export function readYaml(file: string, text: string, at?: Place): YamlResult {
  const start = at ?? { file, line: 1, col: 1 }
  if (text.length > MAX_TEXT_LENGTH) return refuse(start, `longer than ${MAX_TEXT_LENGTH / 2 ** 20} MiB`)
  const lines = new LineCounter()
  const placeAt = (offset: number) => at ?? { file, ...lines.linePos(offset) }
  try {
    const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' })
    if (!Array.isArray(documents) || documents.length === 0) return { tree: nothing(start), problems: [] }
    const [document, second] = documents
    const problems = [...document.errors, ...document.warnings]
      .slice(0, MAX_SYNTAX_PROBLEMS)
      .map(({ pos, message }) => problem(placeAt(pos[0]), syntaxMessage(message)))
    if (second) problems.push(problem(placeAt(second.range[0]), 'one YAML document only, and this is a second one'))
    if (problems.length > 0) return { problems }
    const reader = new TreeReader(placeAt)
    const tree = document.contents ? reader.read(document.contents as Node, 0) : nothing(start)
    return { tree, problems: reader.problems }
  } catch (error) {
    if (error instanceof TooMuch) return refuse(error.place, error.message)
    if (error instanceof RangeError) return refuse(start, 'nested too deeply')
    throw error
  }
}

const problem = (place: Place, message: string): LocatedProblem => ({ place, path: [], message })
const refuse = (place: Place, message: string): YamlResult => ({ problems: [problem(place, message)] })

function syntaxMessage(message: string): string {
  return message.startsWith('Maximum call stack') ? 'nested too deeply' : message.split('\n', 1)[0].replace(/[:.]$/, '')
}

class TooMuch extends Error {
  readonly place: Place
  constructor(place: Place, message: string) {
    super(message)
    this.place = place
  }
}

/** Nodes of the YAML library → trees. Anchors are known from where they stand on; an alias becomes a copy. */
class TreeReader {
  readonly problems: LocatedProblem[] = []
  readonly #placeAt: (offset: number) => Place
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #values = 0

  constructor(placeAt: (offset: number) => Place) {
    this.#placeAt = placeAt
  }

  read(node: Node, depth: number): Tree {
    const place = this.#place(node)
    if (++this.#values > MAX_VALUES) throw new TooMuch(place, `more than ${MAX_VALUES} values, aliases counted in full`)
    if (depth > MAX_DEPTH) throw new TooMuch(place, `nested more than ${MAX_DEPTH} levels deep`)
    if (isAlias(node)) return this.#alias(node, depth)
    if (node.anchor) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return { kind: 'scalar', place, value: scalarValue(node), quoted: isQuoted(node) }
    this.#open.add(node)
    const tree = isMap(node) ? this.#map(node, place, depth) : this.#list(node as YAMLSeq, place, depth)
    this.#open.delete(node)
    return tree
  }

  #alias(alias: Alias, depth: number): Tree {
    const target = this.#anchors.get(alias.source)
    if (target && !this.#open.has(target)) return this.read(target, depth)
    const what = target ? `*${alias.source} refers to what it is part of` : `no anchor &${alias.source} stands above`
    return this.#broken(this.#place(alias), what)
  }

  #list(list: YAMLSeq, place: Place, depth: number): ListNode {
    const items = list.items.map(item => (isNode(item) ? this.read(item, depth + 1) : this.#broken(place, 'no value')))
    return { kind: 'list', place, items }
  }

  #map(map: YAMLMap, place: Place, depth: number): MapNode {
    const own = new Map<string, Entry>()
    const merged = new Map<string, Entry>()
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const keyPlace = this.#place(key)
      if (key.anchor) this.#anchors.set(key.anchor, key)
      const name = isScalar(key) ? keyText(key) : undefined
      const tree = value ? this.read(value, depth + 1) : nothing(keyPlace)
      if (name === undefined || name === '__proto__') this.#problem(keyPlace, 'a key has to be a plain word')
      else if (name === '<<' && !isQuoted(key)) this.#mergeKey(merged, tree, keyPlace)
      else own.set(name, { keyPlace, value: tree })
    }
    const entries = new Map([...merged].filter(([key]) => !own.has(key)))
    for (const [key, entry] of own) entries.set(key, entry)
    return { kind: 'map', place, entries }
  }

  /** `<<: *base` and `<<: [*a, *b]`: of several, the first that has a key wins. */
  #mergeKey(into: Map<string, Entry>, tree: Tree, place: Place): void {
    const maps = tree.kind === 'list' ? tree.items : [tree]
    for (const map of maps) {
      if (map.kind === 'map') for (const [key, entry] of map.entries) !into.has(key) && into.set(key, entry)
      else if (!map.broken) this.#problem(place, '<< takes a map or a list of maps')
    }
  }

  #broken(place: Place, message: string): Tree {
    this.#problem(place, message)
    return { ...nothing(place), broken: true }
  }

  #problem(place: Place, message: string): void {
    this.problems.push(problem(place, message))
  }

  #place(node: Node): Place {
    return this.#placeAt(node.range?.[0] ?? 0)
  }
}

const nothing = (place: Place): Tree => ({ kind: 'scalar', place, value: null, quoted: false })
const isQuoted = (node: unknown) => isScalar(node) && node.type !== undefined && node.type !== 'PLAIN'

function scalarValue(node: YamlScalar): Scalar {
  if (node.type === 'PLAIN' && !node.tag) return plainScalar(node.source ?? '')
  const { value } = node
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : String(value)
}

function keyText(key: YamlScalar): string | undefined {
  const text = key.source ?? String(key.value ?? '')
  return text === '' ? undefined : text
}
