import { defineExporter } from '../../src/component/define.ts'
import { SIGNALS } from '../../src/component/types.ts'
import { authUses } from '../../src/config/client_fields.ts'
import { chainUses } from '../../src/exporting/config.ts'
import { config, endpointOf, validate } from './config.ts'
import { OtlpHttp } from './otlp_http.ts'

/** Sends to anything that takes OTLP over HTTP, one attempt a batch; the bytes of spans and log records go out as they came. */
export const otlpHttp = defineExporter({
  type: 'otlp_http',
  aliases: ['otlphttp'],
  signals: SIGNALS,
  stability: 'beta',
  delivery: 'push',
  ordering: 'none',
  config,
  uses: given => [...authUses(given), ...chainUses(given)],
  validate,
  create(given, settings) {
    const client = new OtlpHttp(given, settings)
    return {
      traces: (batch, signal) => client.send(batch, signal),
      metrics: (batch, signal) => client.send(batch, signal),
      logs: (batch, signal) => client.send(batch, signal),
      start: () => client.start(),
      check: () => client.check(),
      shutdown: () => client.close(),
      describe: () => {
        const addresses = SIGNALS.flatMap(signal => endpointOf(given, signal)?.url.host ?? [])
        return `sends to ${[...new Set(addresses)].join(' and ')}`
      },
    }
  },
})
