import type { ConnectorDefinition } from '../src/component/define.ts'

/** Every connector: one line each. */
export const connectors: readonly ConnectorDefinition[] = []
