import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { signalsOf } from '../src/cli/components.ts'
import { describeProgram } from '../src/cli/program.ts'
import type { Components, Definition } from '../src/component/define.ts'
import { KINDS, type Kind } from '../src/component/types.ts'
import { serviceSchema } from '../src/config/service.ts'
import { type Setting, settingsOf } from '../src/config/settings_table.ts'

/** Path from the root of the project → what the file has to be. */
export type Pages = ReadonlyMap<string, string>

const FOLDERS: Record<Kind, string> = {
  receiver: 'receivers',
  processor: 'processors',
  exporter: 'exporters',
  connector: 'connectors',
  extension: 'extensions',
}
const REFERENCE = 'docs/reference'

export function folderOf({ kind, type }: Definition): string {
  return `${FOLDERS[kind]}/${type}`
}

/** Every generated text: whole pages, and pages of which the parts between markers are generated. */
export function referencePages(root: string, components: Components): Pages {
  const all = KINDS.flatMap((kind): Definition[] => [...components[kind].values()])
  const pages = new Map<string, string>()
  const fill = (path: string, name: string, content: string) => {
    const text = pages.get(path) ?? (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '')
    pages.set(path, between(text, name, content, path))
  }
  for (const definition of all) {
    const readme = `${folderOf(definition)}/README.md`
    fill(readme, 'config', settingsTable(settingsOf(definition.config)))
    pages.set(`${REFERENCE}/${folderOf(definition)}.md`, componentPage(definition, pages.get(readme) ?? ''))
  }
  fill('README.md', 'components', componentList(all, ''))
  fill(`${REFERENCE}/README.md`, 'components', componentList(all, REFERENCE))
  fill(`${REFERENCE}/configuration.md`, 'config', settingsTable(settingsOf(serviceSchema)))
  fill(`${REFERENCE}/command_line.md`, 'commands', commandsText())
  return pages
}

/** Pages of components that are no more. */
export function stalePages(root: string, pages: Pages): string[] {
  return Object.values(FOLDERS).flatMap(folder => {
    const path = `${REFERENCE}/${folder}`
    const files = existsSync(join(root, path)) ? readdirSync(join(root, path)) : []
    return files.map(file => `${path}/${file}`).filter(file => !pages.has(file))
  })
}

/** `text` with `content` between its markers. Throws when a marker is missing. */
function between(text: string, name: string, content: string, path: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} lacks the lines ${start} and ${end}`)
  return `${text.slice(0, from + start.length)}\n${content}${text.slice(to)}`
}

function settingsTable(settings: readonly Setting[]): string {
  if (settings.length === 0) return 'It has no settings.\n'
  const rows = settings.map(({ key, type, default: value, required, description }) => {
    const otherwise = required ? 'required' : value === undefined ? '' : `\`${value}\``
    return [`\`${key}\``, type, otherwise, description]
  })
  return table(['key', 'type', 'default', 'description'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

function componentPage(definition: Definition, readme: string): string {
  const { kind, type, aliases = [], stability, config } = definition
  const [example] = yamlBlocks(readme)
  const signals = signalsOf(definition)
  const facts = [
    `Stability: ${stability}.`,
    ...(signals.length > 0 ? [`Signals: ${signals.join(', ')}.`] : []),
    ...(aliases.length > 0 ? [`Older names, still accepted: ${aliases.map(alias => `\`${alias}\``).join(', ')}.`] : []),
  ]
  return [
    `# ${type} (${kind})\n`,
    `${facts.join(' ')} More about it in [${folderOf(definition)}](../../../${folderOf(definition)}/README.md).\n`,
    ...(example ? [`\`\`\`yaml\n${example}\`\`\`\n`] : []),
    settingsTable(settingsOf(config)),
  ].join('\n')
}

/** Texts of the blocks that are marked as YAML: these have to be configs. */
export function yamlBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block)
}

function componentList(definitions: readonly Definition[], from: string): string {
  const rows = definitions.map(definition => {
    const { kind, type, stability } = definition
    const target = from === '' ? folderOf(definition) : `${folderOf(definition)}.md`
    return [`[${type}](${target})`, kind, signalsOf(definition).join(', '), stability]
  })
  return table(['component', 'kind', 'signals', 'state'], rows)
}

function commandsText(): string {
  const silent = { env: {}, readFile: () => '', out: () => {}, err: () => {} }
  const program = describeProgram(silent, async () => {}, {})
  const section = (command: Command, title: string) =>
    `## ${title}\n\n\`\`\`text\n${command.configureHelp({ helpWidth: 110 }).helpInformation().trimEnd()}\n\`\`\`\n`
  return [section(program, 'millrace'), ...program.commands.map(one => section(one, `millrace ${one.name()}`))].join(
    '\n',
  )
}
