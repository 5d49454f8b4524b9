import type { ConnectorDefinition, Registry } from '../src/component/define.ts'

/** Every connector, one line each: its type, and where its code is loaded from when a config needs it. */
export const connectors: Registry<ConnectorDefinition> = {
  forward: async () => (await import('./forward/connector.ts')).forward,
}
