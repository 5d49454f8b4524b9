import type { ExtensionDefinition } from '../src/component/define.ts'
import { healthCheck } from './health_check/extension.ts'

/** Every extension: one line each. */
export const extensions: readonly ExtensionDefinition[] = [healthCheck]
