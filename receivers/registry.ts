import type { ReceiverDefinition } from '../src/component/define.ts'

/** Every receiver: one line each. */
export const receivers: readonly ReceiverDefinition[] = []
