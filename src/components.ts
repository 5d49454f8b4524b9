import { connectors } from '../connectors/registry.ts'
import { exporters } from '../exporters/registry.ts'
import { extensions } from '../extensions/registry.ts'
import { processors } from '../processors/registry.ts'
import { receivers } from '../receivers/registry.ts'
import type { Components, Registry } from './component/define.ts'

/**
 * The composition root: the components of this build. With a config text only those whose type occurs in it, as a word and
 * whatever it means there, so that an agent neither waits for nor keeps the code of what it does not run.
 */
export async function loadComponents(text?: string): Promise<Components> {
  const words = text === undefined ? undefined : new Set(text.match(/\w+/g))
  const load = async <D>(registry: Registry<D>): Promise<ReadonlyMap<string, D>> => {
    const wanted = Object.entries(registry).filter(([type]) => words?.has(type) ?? true)
    return new Map(await Promise.all(wanted.map(async ([type, definition]) => [type, await definition()] as const)))
  }
  const [receiver, processor, exporter, connector, extension] = await Promise.all([
    load(receivers),
    load(processors),
    load(exporters),
    load(connectors),
    load(extensions),
  ])
  return { receiver, processor, exporter, connector, extension }
}
