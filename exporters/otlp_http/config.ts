import { z } from 'zod'
import { SIGNALS, type Signal } from '../../src/component/types.ts'
import { clientAuth, headers } from '../../src/config/client_fields.ts'
import { bytes, duration, tlsClient, url } from '../../src/config/fields.ts'
import { chainFields } from '../../src/exporting/config.ts'
import { COMPRESSIONS } from '../../src/net/compress.ts'
import { parseProxy } from '../../src/net/proxy.ts'

const compression = z
  .string()
  .superRefine((value, context) => {
    const message = wrongCompression(value)
    if (message) context.addIssue({ code: 'custom', message, input: value })
  })
  .meta({ enum: [...COMPRESSIONS, 'none', ''] })

function wrongCompression(value: string): string | undefined {
  const known: readonly string[] = [...COMPRESSIONS, 'none', '']
  if (known.includes(value)) return undefined
  const choice = `one of ${COMPRESSIONS.join(', ')} and none`
  return value === 'lz4'
    ? `lz4 can't be used: no server has to know it, and zstd is smaller at the same speed; use ${choice}`
    : `unknown compression: use ${choice}`
}

export const config = z.strictObject({
  endpoint: url().optional().describe('Address of the server; the path of the signal, such as /v1/traces, is added.'),
  traces_endpoint: url().optional().describe('Whole address for traces, in place of endpoint.'),
  metrics_endpoint: url().optional().describe('Whole address for metrics, in place of endpoint.'),
  logs_endpoint: url().optional().describe('Whole address for logs, in place of endpoint.'),
  encoding: z.enum(['proto', 'json']).default('proto').describe('How requests are written.'),
  compression: compression.default('gzip').describe('How requests are compressed; none: not at all.'),
  compression_params: z
    .strictObject({
      level: z.int().default(0).describe('Level of the algorithm; 0: the fastest, -1: its usual one.'),
    })
    .prefault({})
    .describe('How hard it compresses.'),
  headers: headers().default([]).describe('Headers to add to each request. Their values are never shown.'),
  auth: clientAuth().optional().describe('How to log in.'),
  tls: tlsClient().prefault({}).describe('TLS for addresses of https; the scheme decides whether it is used.'),
  proxy_url: z
    .string()
    .superRefine((value, context) => {
      try {
        parseProxy(value)
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message, input: value })
      }
    })
    .meta({ writeOnly: true })
    .optional()
    .describe('Proxy to send through. Default: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say.'),
  ...chainFields,
  timeout: duration().default(30_000).describe('How long one attempt to send may take; 0: no limit.'),
  max_conns_per_host: z.int().min(0).default(0).describe('Most connections at a time; 0: as many as are sent at once.'),
  max_idle_conns: z.int().min(0).default(100).describe('Most connections kept open for later; 0: no limit.'),
  max_idle_conns_per_host: z.int().min(0).default(0).describe('The same for one address; 0: max_idle_conns counts.'),
  idle_conn_timeout: duration().default(90_000).describe('Close a connection that was not used for so long; 0: never.'),
  disable_keep_alives: z.boolean().default(false).describe('Use each connection for one request only.'),
  read_buffer_size: bytes().optional().describe('Accepted and without effect.'),
  write_buffer_size: bytes().optional().describe('Accepted and without effect.'),
  force_attempt_http2: z.boolean().optional().describe('Accepted and without effect: requests are HTTP/1.1.'),
  http2_read_idle_timeout: duration().optional().describe('Accepted and without effect: requests are HTTP/1.1.'),
  http2_ping_timeout: duration().optional().describe('Accepted and without effect: requests are HTTP/1.1.'),
})
export type OtlpHttpConfig = z.output<typeof config>

/** What no single setting can know. */
export function validate(given: OtlpHttpConfig): { path: string[]; message: string }[] {
  const problems: { path: string[]; message: string }[] = []
  if (!given.endpoint && SIGNALS.every(signal => !given[`${signal}_endpoint`]))
    problems.push({ path: ['endpoint'], message: 'missing: the address to send to, such as http://127.0.0.1:4318' })
  const { level } = given.compression_params
  if (['gzip', 'deflate', 'zlib'].includes(given.compression) && (level < -1 || level > 9))
    problems.push({ path: ['compression_params', 'level'], message: `${given.compression} has levels from 1 to 9` })
  return problems
}

/** Where requests of a signal go, and the key that says so; undefined when nothing does. */
export function endpointOf(given: OtlpHttpConfig, signal: Signal): { url: URL; key: string } | undefined {
  const own = given[`${signal}_endpoint`]
  if (own) return { url: new URL(own), key: `${signal}_endpoint` }
  if (!given.endpoint) return undefined
  const base = new URL(given.endpoint)
  base.pathname = `${base.pathname.replace(/\/$/, '')}/v1/${signal}`
  return { url: base, key: 'endpoint' }
}
