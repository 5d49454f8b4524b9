import type { Definition } from '../component/define.ts'
import { KINDS } from '../component/types.ts'
import { loadComponents } from '../components.ts'
import { hint } from '../config/nearest.ts'
import { serviceSchema } from '../config/service.ts'
import { type Setting, settingsOf } from '../config/settings_table.ts'
import { EXIT } from '../exit_codes.ts'
import { signalsOf } from './components.ts'
import type { Terminal } from './terminal.ts'

/** Prints the settings of a component by its type, alias or `kind/type`; without one those of `service`. */
export async function printDocs(name: string | undefined, { out, err }: Terminal): Promise<number> {
  if (name === undefined || name === 'service') {
    out(`service: what runs, and how the agent itself behaves\n\n${describeSettings(settingsOf(serviceSchema))}`)
    return EXIT.ok
  }
  const components = await loadComponents()
  const all = KINDS.flatMap((kind): Definition[] => [...components[kind].values()])
  const found = all.filter(definition => namesOf(definition).includes(name))
  if (found.length === 0) {
    const names = all.flatMap(({ type, aliases = [] }) => [type, ...aliases])
    err(`millrace: there is no component "${name}"${hint(name, names) || '; `millrace components` lists them'}\n`)
    return EXIT.refused
  }
  out(found.map(describe).join('\n'))
  return EXIT.ok
}

function namesOf({ kind, type, aliases = [] }: Definition): string[] {
  return [type, ...aliases].flatMap(name => [name, `${kind}/${name}`])
}

function describe(definition: Definition): string {
  const { kind, type, aliases = [], stability, config } = definition
  const older = aliases.length > 0 ? `Older names: ${aliases.join(', ')}. ` : ''
  const signals = signalsOf(definition).join(', ')
  const facts = `${older}${signals ? `Signals: ${signals}. ` : ''}Stability: ${stability}.`
  return `${type} (${kind})\n${facts}\n\n${describeSettings(settingsOf(config))}`
}

function describeSettings(settings: readonly Setting[]): string {
  if (settings.length === 0) return '  It has no settings.\n'
  return settings.map(setting => `  ${heading(setting)}\n${wrap(setting.description, '      ')}`).join('')
}

function heading({ key, type, default: value, required }: Setting): string {
  const more = required ? ', required' : value === undefined ? '' : `, default ${value}`
  return `${key}  (${type.replaceAll('`', '')}${more})`
}

function wrap(text: string, indent: string): string {
  const lines: string[] = []
  for (const word of text.split(' ').filter(Boolean)) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + word.length < 90) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.map(line => `${indent}${line}\n`).join('')
}
