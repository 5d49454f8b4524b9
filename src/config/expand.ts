import type { ConfigPath } from './model.ts'
import type { LocatedProblem, Place } from './problems.ts'
import { readYaml } from './read_yaml.ts'
import { type BadReference, type Reference, splitText, type TextPart } from './references_in_text.ts'
import type { ScalarNode, Tree } from './tree.ts'

/** What references refer to. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Content of a file. Throws when it can't be read. */
  readonly readFile: (path: string) => Uint8Array | string
}
export interface Expanded {
  readonly tree: Tree
  readonly problems: LocatedProblem[]
  readonly warnings: LocatedProblem[]
}

/** Files that include files: deeper than this is taken for a circle. */
const MAX_INCLUDES = 10

/**
 * Puts values in the place of references. A scalar without quotes that is one reference and nothing else becomes what its
 * text means in YAML, a whole section too; any other one stays text. Values are not searched for references again, except
 * in sections that came out of a file.
 */
export function expand(tree: Tree, surroundings: Surroundings): Expanded {
  const expander = new Expander(surroundings)
  return { tree: expander.expand(tree, [], 0), problems: expander.problems, warnings: expander.warnings }
}

class Expander {
  readonly problems: LocatedProblem[] = []
  readonly warnings: LocatedProblem[] = []
  readonly #surroundings: Surroundings

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  expand(tree: Tree, path: ConfigPath, includes: number): Tree {
    if (tree.kind === 'scalar') return this.#scalar(tree, path, includes)
    if (tree.kind === 'list') {
      tree.items.forEach((item, i) => {
        tree.items[i] = this.expand(item, [...path, i], includes)
      })
    } else {
      for (const [key, entry] of tree.entries) entry.value = this.expand(entry.value, [...path, key], includes)
    }
    return tree
  }

  #scalar(node: ScalarNode, path: ConfigPath, includes: number): Tree {
    const { value: text, place } = node
    if (typeof text !== 'string' || !text.includes('$')) return node
    const relabelling = isRelabelText(path)
    if (relabelling && text.includes('$$')) this.#warnDoubled(text, place, path)
    const parts = splitText(text, relabelling)
    const values = parts.map(part => this.#value(part, place, path))
    if (values.includes(undefined)) return { ...node, value: null, broken: true }
    const [whole] = parts
    if (parts.length === 1 && typeof whole !== 'string')
      return this.#whole(node, values[0] ?? '', whole, path, includes)
    return { ...node, value: values.join('') }
  }

  /** The scalar is one reference: the type of what it stands for counts. */
  #whole(node: ScalarNode, text: string, part: TextPart, path: ConfigPath, includes: number): Tree {
    const { place } = node
    const isFile = typeof part !== 'string' && part.scheme === 'file'
    const { tree, problems } = readYaml(isFile ? part.name : place.file, text, isFile ? undefined : place)
    const meaning = problems.length === 0 ? tree : undefined
    if (!meaning || (meaning.kind !== 'scalar' && node.quoted)) return { ...node, value: text }
    if (meaning.kind === 'scalar') {
      const value = meaning.quoted || typeof meaning.value === 'string' ? text : meaning.value
      if (node.quoted) return { ...node, value: text, instead: value }
      return { ...node, value, instead: text }
    }
    meaning.instead = text
    if (!isFile) return meaning
    if (includes < MAX_INCLUDES) return this.expand(meaning, path, includes + 1)
    return this.#refuse(node, path, `files include files more than ${MAX_INCLUDES} times over`)
  }

  /** Text of a part; undefined when there is none, and the problem is told. */
  #value(part: TextPart, place: Place, path: ConfigPath): string | undefined {
    if (typeof part === 'string') return part
    const problem = (message: string) => void this.problems.push({ place, path, message })
    if (part.scheme === undefined) return problem(badReference(part))
    if (part.scheme === 'file') return this.#fileText(part, problem)
    const value = this.#surroundings.env[part.name]
    if (value !== undefined) return value
    if (part.otherwise !== undefined) {
      const values = splitText(part.otherwise, false).map(inner => this.#value(inner, place, path))
      return values.includes(undefined) ? undefined : values.join('')
    }
    return problem(`environment variable ${part.name} is not set; \${env:${part.name}:-…} gives it a default`)
  }

  #fileText({ name }: Reference, problem: (message: string) => undefined): string | undefined {
    try {
      return decode(this.#surroundings.readFile(name)).replace(/\r?\n$/, '')
    } catch (error) {
      return problem(`can't read ${name}: ${readErrorMessage(error)}`)
    }
  }

  #refuse(node: ScalarNode, path: ConfigPath, message: string): Tree {
    this.problems.push({ place: node.place, path, message })
    return { ...node, value: null, broken: true }
  }

  #warnDoubled(text: string, place: Place, path: ConfigPath): void {
    const dollars = text.replaceAll('$$', '$')
    const message = `"$$" stays doubled in relabelling, and Prometheus reads it as the character "$": for a group write ${dollars}`
    this.warnings.push({ place, path, message })
  }
}

function badReference({ source }: BadReference): string {
  return `${source} is no reference: write \${env:NAME} or \${file:path}, or $${source} for the text itself`
}

/** Text of a file. Throws TypeError when its bytes are not UTF-8. */
export function decode(content: Uint8Array | string): string {
  return typeof content === 'string' ? content : new TextDecoder('utf-8', { fatal: true }).decode(content)
}

/** Why a file can't be read, without the path. */
export function readErrorMessage(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof TypeError) return 'it is not UTF-8 text'
  if (code === 'ENOENT') return 'no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission'
  return code === 'EISDIR' ? 'it is a folder' : String(message)
}

/** Regular expressions and replacements of relabelling rules, in which `$1` and `${1}` are groups. */
function isRelabelText(path: ConfigPath): boolean {
  const key = path.at(-1)
  if (key !== 'regex' && key !== 'replacement') return false
  const isRelabelProcessor = path[0] === 'processors' && String(path[1]).split('/', 1)[0] === 'relabel'
  return isRelabelProcessor || path.some(part => typeof part === 'string' && part.endsWith('relabel_configs'))
}
