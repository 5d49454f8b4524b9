import type { ExtensionDefinition } from '../src/component/define.ts'
import { basicAuth } from './basic_auth/extension.ts'
import { bearerTokenAuth } from './bearer_token_auth/extension.ts'
import { healthCheck } from './health_check/extension.ts'

/** Every extension: one line each. */
export const extensions: readonly ExtensionDefinition[] = [basicAuth, bearerTokenAuth, healthCheck]
