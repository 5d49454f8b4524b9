import { connectors } from '../connectors/registry.ts'
import { exporters } from '../exporters/registry.ts'
import { extensions } from '../extensions/registry.ts'
import { processors } from '../processors/registry.ts'
import { receivers } from '../receivers/registry.ts'
import type { Components } from './component/define.ts'

const byType = <D extends { type: string }>(definitions: readonly D[]): ReadonlyMap<string, D> =>
  new Map(definitions.map(definition => [definition.type, definition]))

/** The composition root: every component that this build has. */
export const components: Components = {
  receiver: byType(receivers),
  processor: byType(processors),
  exporter: byType(exporters),
  connector: byType(connectors),
  extension: byType(extensions),
}
