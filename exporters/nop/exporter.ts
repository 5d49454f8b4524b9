import { z } from 'zod'
import { defineExporter } from '../../src/component/define.ts'

const take = (): void => {}

/** Takes everything and does nothing with it. */
export const nop = defineExporter({
  type: 'nop',
  signals: ['traces', 'metrics', 'logs'],
  stability: 'beta',
  delivery: 'hold',
  ordering: 'none',
  config: z.strictObject({}),
  create: () => ({ traces: take, metrics: take, logs: take }),
})
