import type { Definition } from '../component/define.ts'
import { type Kind, SIGNALS, type Signal } from '../component/types.ts'
import type { Declarations, Declared } from './declared.ts'
import type { PipelineConfig, Problem } from './model.ts'
import { hint } from './nearest.ts'
import type { PipelineInput } from './service.ts'

const ROLES = ['receivers', 'processors', 'exporters'] as const
type Role = (typeof ROLES)[number]
const ROLE_KINDS: Record<Role, readonly Kind[]> = {
  receivers: ['receiver', 'connector'],
  processors: ['processor'],
  exporters: ['exporter', 'connector'],
}

/** `traces/edge` → `traces`; undefined when it is no signal. */
export function signalOf(pipelineId: string): Signal | undefined {
  return SIGNALS.find(
    signal => pipelineId === signal || (pipelineId.startsWith(`${signal}/`) && !pipelineId.endsWith('/')),
  )
}

/**
 * Checks one of `service.pipelines` on its own: a signal that exists, both ends there, components that are defined, stand
 * where they may and handle the signal. Ids come out in today's spelling.
 */
export function checkPipeline(
  id: string,
  input: PipelineInput,
  declarations: Declarations,
): { pipeline?: PipelineConfig; problems: Problem[] } {
  const path = ['service', 'pipelines', id]
  const signal = signalOf(id)
  if (!signal) return { problems: [{ path, message: unknownSignal(id) }] }
  const problems: Problem[] = []
  for (const role of ['receivers', 'exporters'] as const) {
    if (input[role].length > 0) continue
    problems.push({ path, message: `a pipeline needs at least one of ${role}, and this one has none` })
  }
  const resolved = { receivers: [] as string[], processors: [] as string[], exporters: [] as string[] }
  for (const role of ROLES) {
    input[role].forEach((text, i) => {
      const found = declarations.find(ROLE_KINDS[role], text)
      const message = found
        ? wrongUse(found, role, signal, resolved[role])
        : declarations.missing(ROLE_KINDS[role], text)
      if (message) problems.push({ path: [...path, role, i], message })
      if (found) resolved[role].push(found.id)
    })
  }
  return { pipeline: { id, signal, ...resolved }, problems }
}

function unknownSignal(id: string): string {
  const [signal, ...name] = id.split('/')
  if (SIGNALS.some(known => known === signal) && name.join('/') === '') return 'a name has to follow the "/"'
  return `unknown signal "${signal}"${hint(signal, SIGNALS) || `: a pipeline is of ${SIGNALS.join(', ')}`}`
}

function wrongUse({ id, key, definition }: Declared, role: Role, signal: Signal, before: string[]): string | undefined {
  if (before.includes(id)) return `"${key}" stands here twice`
  if (!definition || definition.kind === 'extension' || handles(definition, role, signal)) return undefined
  const { kind, type } = definition
  const signals = kind === 'connector' ? connectorSignals(definition, role) : definition.signals
  const verb = role === 'receivers' ? 'gives' : 'takes'
  return `the ${type} ${kind} ${verb} ${signals.join(' and ') || 'nothing'}, not ${signal}`
}

function handles(definition: Exclude<Definition, { kind: 'extension' }>, role: Role, signal: Signal): boolean {
  const signals = definition.kind === 'connector' ? connectorSignals(definition, role) : definition.signals
  return signals.includes(signal)
}

function connectorSignals({ converts }: Extract<Definition, { kind: 'connector' }>, role: Role): Signal[] {
  if (role === 'exporters') return SIGNALS.filter(signal => converts[signal]?.length)
  return SIGNALS.filter(signal => SIGNALS.some(from => converts[from]?.includes(signal)))
}

/** Ids of `service.extensions`, in today's spelling. */
export function checkExtensions(
  texts: readonly string[],
  declarations: Declarations,
): { ids: string[]; problems: Problem[] } {
  const ids: string[] = []
  const problems: Problem[] = []
  texts.forEach((text, i) => {
    const path = ['service', 'extensions', i]
    const found = declarations.find(['extension'], text)
    if (!found) problems.push({ path, message: declarations.missing(['extension'], text) })
    else if (ids.includes(found.id)) problems.push({ path, message: `"${text}" stands here twice` })
    else ids.push(found.id)
  })
  return { ids, problems }
}
