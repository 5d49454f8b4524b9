import type { ProcessorDefinition } from '../src/component/define.ts'

import { batch } from './batch/processor.ts'
import { memoryLimiter } from './memory_limiter/processor.ts'

/** Every processor: one line each. */
export const processors: readonly ProcessorDefinition[] = [batch, memoryLimiter]
