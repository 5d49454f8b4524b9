import type { ReceiverDefinition } from '../src/component/define.ts'
import { node } from './node/receiver.ts'
import { otlp } from './otlp/receiver.ts'

/** Every receiver: one line each. */
export const receivers: readonly ReceiverDefinition[] = [node, otlp]
