import type { ProcessorDefinition } from '../src/component/define.ts'

/** Every processor: one line each. */
export const processors: readonly ProcessorDefinition[] = []
