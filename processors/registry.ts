import type { ProcessorDefinition } from '../src/component/define.ts'

import { batch } from './batch/processor.ts'
import { cumulativeToDelta } from './cumulative_to_delta/processor.ts'
import { deltaToCumulative } from './delta_to_cumulative/processor.ts'
import { memoryLimiter } from './memory_limiter/processor.ts'

/** Every processor: one line each. */
export const processors: readonly ProcessorDefinition[] = [batch, cumulativeToDelta, deltaToCumulative, memoryLimiter]
