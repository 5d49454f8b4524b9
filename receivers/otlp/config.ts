import { z } from 'zod'
import type { GrpcConnectionOptions } from '../../src/component/types.ts'
import { authServer } from '../../src/config/auth_fields.ts'
import { bytes, duration, tlsServer } from '../../src/config/fields.ts'

const transport = z
  .enum(['tcp', 'tcp4', 'tcp6', 'unix'])
  .default('tcp')
  .describe('`unix`: the endpoint is the path of a socket.')

const includeMetadata = z
  .union([z.boolean(), z.array(z.string())])
  .default(false)
  .describe(
    'Headers to keep with the data, for processors that look at them: a list of names, or true for all but those that may hold secrets. Credentials are never kept.',
  )

const tls = tlsServer().optional().describe('Speak TLS.')
const auth = authServer().optional().describe('Take requests only from who can prove who they are.')
const middlewares = z.array(z.unknown()).max(0, 'there are no middlewares').optional().describe('Has to be empty.')

const serverParameters = z.strictObject({
  max_connection_idle: duration().optional().describe('End connections that had no call for so long.'),
  max_connection_age: duration()
    .optional()
    .describe('End connections of this age, give or take a tenth, so that clients spread over new instances.'),
  max_connection_age_grace: duration()
    .optional()
    .describe(
      'How much longer calls may run on a connection that has reached its age; without it, until they are done.',
    ),
  time: duration().default(7_200_000).describe('Ask a silent client for a sign of life after so long.'),
  timeout: duration().default(20_000).describe('End its connection when none comes within this time.'),
})

const enforcementPolicy = z.strictObject({
  min_time: duration().default(300_000).describe('End connections whose client asks for signs of life more often.'),
  permit_without_stream: z.boolean().default(false).describe('Let clients ask while they have no call.'),
})

const grpc = z.strictObject({
  endpoint: z.string().default('127.0.0.1:4317').describe('Address to listen on.'),
  transport,
  dialer: z
    .strictObject({ timeout: duration().default(0).describe('Has no effect.') })
    .optional()
    .describe('Has no effect.'),
  tls,
  auth,
  include_metadata: includeMetadata,
  max_recv_msg_size_mib: z
    .number()
    .min(0)
    .default(4)
    .describe('Largest message to take, as sent and decompressed, in MiB; 0 is 4.'),
  max_concurrent_streams: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe('Calls at a time on one connection; 0 is 1000.'),
  read_buffer_size: z.int().min(0).default(524_288).describe('Accepted; buffers are sized by what comes.'),
  write_buffer_size: z.int().min(0).default(32_768).describe('Accepted; buffers are sized by what goes.'),
  keepalive: z
    .strictObject({
      server_parameters: serverParameters.optional().describe('How long connections may live.'),
      enforcement_policy: enforcementPolicy
        .optional()
        .describe('How often clients may ask for signs of life; without it, as often as they like.'),
    })
    .optional()
    .describe('How connections are kept.'),
  middlewares,
})

const path = (signal: string) =>
  z
    .string()
    .transform(text => (text.startsWith('/') ? text : `/${text}`))
    .default(`/v1/${signal}`)
    .describe(`Path that takes ${signal}.`)

/** Names that the Collector knows; those that are not in ENCODINGS are answered with 415. */
const compression = z.enum(['', 'gzip', 'zstd', 'zlib', 'deflate', 'snappy', 'x-snappy-framed', 'lz4'])

const http = z.strictObject({
  endpoint: z.string().default('127.0.0.1:4318').describe('Address to listen on.'),
  transport,
  traces_url_path: path('traces'),
  metrics_url_path: path('metrics'),
  logs_url_path: path('logs'),
  tls,
  auth,
  cors: z
    .strictObject({
      allowed_origins: z
        .array(z.string())
        .default([])
        .describe('Origins whose pages may send; `*` stands for any text: `https://*.example.com`.'),
      allowed_headers: z
        .array(z.string())
        .default([])
        .describe('Headers that they may set besides the usual ones; `*` is all.'),
      exposed_headers: z.array(z.string()).default([]).describe('Headers of the answer that pages may read.'),
      max_age: z.int().min(0).default(0).describe('Seconds for which browsers may remember this; 0 is their default.'),
    })
    .optional()
    .describe('Let pages in browsers send.'),
  include_metadata: includeMetadata,
  max_request_body_size: bytes()
    .default(20 * 2 ** 20)
    .describe('Largest body to take, as sent and decompressed; 0 is 20MiB.'),
  compression_algorithms: z
    .array(compression)
    .default(['', 'gzip', 'zstd', 'zlib', 'deflate'])
    .describe('Ways to compress that are taken; the empty one is none. snappy and lz4 are not.'),
  response_headers: z.record(z.string(), z.string()).default({}).describe('Headers to add to every answer.'),
  keep_alives_enabled: z.boolean().default(true).describe('Keep connections open between requests.'),
  read_timeout: duration().default(0).describe('Accepted; a request may take 60s to arrive.'),
  read_header_timeout: duration().default(60_000).describe('Accepted; headers may take 10s to arrive.'),
  write_timeout: duration().default(30_000).describe('Accepted; answers are small.'),
  idle_timeout: duration().default(60_000).describe('Accepted; idle connections are kept for 75s.'),
  middlewares,
})

export const config = z.strictObject({
  protocols: z
    .strictObject({
      grpc: grpc.optional().describe('OTLP by gRPC.'),
      http: http.optional().describe('OTLP by HTTP, as protobuf and as JSON.'),
    })
    .default({})
    .describe('What to speak; at least one.'),
})
export type OtlpConfig = z.output<typeof config>
export type GrpcConfig = z.output<typeof grpc>
export type HttpConfig = z.output<typeof http>

/** How the gRPC server keeps connections. A 0 means the default, as in Go. */
export function connectionOptions({ keepalive, max_concurrent_streams }: GrpcConfig): GrpcConnectionOptions {
  const { server_parameters: server, enforcement_policy: policy } = keepalive ?? {}
  return {
    maxConcurrentStreams: max_concurrent_streams || 1000,
    maxIdleMs: server?.max_connection_idle || undefined,
    maxAgeMs: server?.max_connection_age || undefined,
    maxAgeGraceMs: server?.max_connection_age_grace || undefined,
    pingAfterMs: server?.time || 7_200_000,
    pingTimeoutMs: server?.timeout || 20_000,
    pings: policy && { minIntervalMs: policy.min_time, withoutCalls: policy.permit_without_stream },
  }
}
