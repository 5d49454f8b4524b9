import type { ReceiverDefinition, Registry } from '../src/component/define.ts'

/** Every receiver, one line each: its type, and where its code is loaded from when a config needs it. */
export const receivers: Registry<ReceiverDefinition> = {
  node: async () => (await import('./node/receiver.ts')).node,
  otlp: async () => (await import('./otlp/receiver.ts')).otlp,
}
