import type { ExtensionRole } from '../component/define.ts'
import type { Declarations } from './declared.ts'
import type { ComponentConfig, Problem } from './model.ts'

const ROLES: Record<ExtensionRole, string> = {
  server_auth: 'check who sends requests',
  client_auth: 'log in to a server',
  storage: 'store data',
}

/**
 * The extensions that a component's config names: each has to be declared, able to do what is asked of it, and among
 * `running`, the ids of `service.extensions`. Ids come out in today's spelling, by how the config spells them.
 */
export function checkUses(
  { definition, config, path }: ComponentConfig,
  declarations: Declarations,
  extensions: ReadonlyMap<string, ComponentConfig>,
  running: readonly string[],
): { uses: ReadonlyMap<string, string>; problems: Problem[] } {
  const uses = new Map<string, string>()
  const problems: Problem[] = []
  for (const use of definition.uses?.(config) ?? []) {
    const found = declarations.find(['extension'], use.id)
    const message = found
      ? unable(use.id, extensions.get(found.id), use.as) || notRun(use.id, running.includes(found.id))
      : declarations.missing(['extension'], use.id)
    if (message) problems.push({ path: [...path, ...use.path], message })
    if (found) uses.set(use.id, found.id)
  }
  return { uses, problems }
}

/** Extensions whose own settings are wrong are told so elsewhere. */
function unable(id: string, extension: ComponentConfig | undefined, role: ExtensionRole): string {
  if (extension?.definition.kind !== 'extension') return ''
  const { definition, config } = extension
  return definition.provides?.(config).includes(role) ? '' : `"${id}", as it is set up, can't ${ROLES[role]}`
}

function notRun(id: string, runs: boolean): string {
  return runs ? '' : `"${id}" is not run: service.extensions has to name it`
}
