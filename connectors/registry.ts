import type { ConnectorDefinition } from '../src/component/define.ts'

import { forward } from './forward/connector.ts'

/** Every connector: one line each. */
export const connectors: readonly ConnectorDefinition[] = [forward]
