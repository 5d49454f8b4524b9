import type { ProcessorDefinition, Registry } from '../src/component/define.ts'

/** Every processor, one line each: its type, and where its code is loaded from when a config needs it. */
export const processors: Registry<ProcessorDefinition> = {
  batch: async () => (await import('./batch/processor.ts')).batch,
  cumulative_to_delta: async () => (await import('./cumulative_to_delta/processor.ts')).cumulativeToDelta,
  delta_to_cumulative: async () => (await import('./delta_to_cumulative/processor.ts')).deltaToCumulative,
  memory_limiter: async () => (await import('./memory_limiter/processor.ts')).memoryLimiter,
}
