import type { ExtensionDefinition } from '../src/component/define.ts'

/** Every extension: one line each. */
export const extensions: readonly ExtensionDefinition[] = []
