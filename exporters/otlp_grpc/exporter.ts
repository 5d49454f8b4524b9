import { defineExporter } from '../../src/component/define.ts'
import { SIGNALS } from '../../src/component/types.ts'
import { authUses } from '../../src/config/client_fields.ts'
import { chainUses } from '../../src/exporting/config.ts'
import { config, validate } from './config.ts'
import { OtlpGrpc } from './otlp_grpc.ts'

/** Sends to anything that takes OTLP over gRPC, one attempt a batch; the bytes of spans and log records go out as they came. */
export const otlpGrpc = defineExporter({
  type: 'otlp_grpc',
  aliases: ['otlp'],
  signals: SIGNALS,
  stability: 'beta',
  delivery: 'push',
  ordering: 'none',
  config,
  uses: given => [...authUses(given), ...chainUses(given)],
  validate,
  create(given, settings) {
    const client = new OtlpGrpc(given, settings)
    return {
      traces: (batch, signal) => client.send(batch, signal),
      metrics: (batch, signal) => client.send(batch, signal),
      logs: (batch, signal) => client.send(batch, signal),
      start: () => client.start(),
      check: () => client.check(),
      shutdown: () => client.close(),
      describe: () => `sends to ${given.endpoint.text}`,
    }
  },
})
