import type { Definition } from '../component/define.ts'
import { KINDS, SIGNALS } from '../component/types.ts'
import { loadComponents } from '../components.ts'
import { EXIT } from '../exit_codes.ts'
import { type Terminal, table } from './terminal.ts'

/** Lists every component of this build. */
export async function listComponents(asJson: boolean, { out }: Terminal): Promise<number> {
  const components = await loadComponents()
  const all = KINDS.flatMap(kind => [...components[kind].values()])
  if (asJson) {
    const rows = all.map(({ kind, type, aliases = [], stability, ...rest }) => {
      return { kind, type, aliases, signals: signalsOf({ kind, ...rest } as Definition), stability }
    })
    out(`${JSON.stringify(rows, null, 2)}\n`)
  } else {
    const rows = all.map(definition => [
      definition.type,
      definition.kind,
      signalsOf(definition).join(', '),
      definition.stability,
    ])
    out(table([['TYPE', 'KIND', 'SIGNALS', 'STABILITY'], ...rows]))
  }
  return EXIT.ok
}

/** `metrics`; for a connector what it makes of what: `traces → metrics`. */
export function signalsOf(definition: Definition): string[] {
  if (definition.kind === 'extension') return []
  if (definition.kind !== 'connector') return [...definition.signals]
  return SIGNALS.flatMap(from => (definition.converts[from] ?? []).map(to => `${from} → ${to}`))
}
