import type { Components } from '../component/define.ts'
import { checkConfig } from './check.ts'
import { decode, expand, readErrorMessage, type Surroundings } from './expand.ts'
import type { AgentConfig } from './model.ts'
import { formatProblem, type LocatedProblem, sortProblems } from './problems.ts'
import { readYaml } from './read_yaml.ts'
import { emptyMap, locate, locateKey, type MapNode, merge } from './tree.ts'

/** A config text that is not in a file. */
export interface NamedText {
  readonly name: string
  readonly text: string
}
export interface LoadOptions extends Surroundings {
  /** Later ones are laid over earlier ones. */
  readonly files: readonly (string | NamedText)[]
  readonly components: Components
}
export interface Loaded {
  /** Undefined when there are problems. */
  readonly config?: AgentConfig
  /** In the order of files and lines. */
  readonly problems: readonly LocatedProblem[]
  readonly warnings: readonly string[]
}

/** Reads, merges, resolves and checks a config. Nothing is opened but what `readFile` reads, and nothing is thrown. */
export function loadConfig({ files, components, env, readFile }: LoadOptions): Loaded {
  const names = files.map(file => (typeof file === 'string' ? file : file.name))
  const problems: LocatedProblem[] = []
  const root = emptyMap({ file: names[0] ?? '', line: 1, col: 1 })
  for (const file of files) {
    const read = readOne(file, readFile)
    problems.push(...read.problems)
    if (read.tree) merge(root, read.tree)
  }
  if (problems.length > 0) return { problems: sortProblems(problems, names), warnings: [] }
  return resolve(root, names, components, { env, readFile })
}

function readOne(
  file: string | NamedText,
  readFile: Surroundings['readFile'],
): { tree?: MapNode; problems: LocatedProblem[] } {
  const name = typeof file === 'string' ? file : file.name
  const refuse = (message: string) => ({ problems: [{ place: { file: name, line: 1, col: 1 }, path: [], message }] })
  let text: string
  try {
    text = typeof file === 'string' ? decode(readFile(file)) : file.text
  } catch (error) {
    return refuse(`can't read this file: ${readErrorMessage(error)}`)
  }
  const { tree, problems } = readYaml(name, text)
  if (problems.length > 0 || !tree) return { problems }
  if (tree.kind === 'map') return { tree, problems }
  if (tree.kind === 'scalar' && tree.value === null) return { tree: emptyMap(tree.place), problems }
  return refuse('expected sections: receivers, exporters, service and so on')
}

function resolve(root: MapNode, names: readonly string[], components: Components, surroundings: Surroundings): Loaded {
  const { problems, warnings } = expand(root, surroundings)
  const checked = checkConfig(root, components)
  const located = checked.findings.map(({ path, message, atKey }) => ({
    place: atKey ? locateKey(root, path) : locate(root, path),
    path,
    message,
  }))
  const all = sortProblems([...problems, ...located], names)
  const toldWarnings = checked.warnings.map(({ path, message }) => ({ place: locateKey(root, path), path, message }))
  return {
    config: all.length === 0 ? checked.config : undefined,
    problems: all,
    warnings: sortProblems([...warnings, ...toldWarnings], names).map(formatProblem),
  }
}
