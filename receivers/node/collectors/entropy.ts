import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const available = family(gauge('node_entropy_available_bits', 'Bits of available entropy.'))
const poolSize = family(gauge('node_entropy_pool_size_bits', 'Bits of entropy pool.'))

/** The kernel's random number generator. Source: random(4). */
export const entropy = defineCollector({
  name: 'entropy',
  defaultEnabled: true,
  flags: {},
  families: [available, poolSize],
  create: (_flags, { proc }) => ({
    collect(samples) {
      samples.emit(available, proc.number('sys/kernel/random/entropy_avail'))
      samples.emit(poolSize, proc.number('sys/kernel/random/poolsize'))
    },
  }),
})
