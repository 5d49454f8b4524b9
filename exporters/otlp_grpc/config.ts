import { z } from 'zod'
import { clientAuth, headers } from '../../src/config/client_fields.ts'
import { bytes, duration, tlsClient } from '../../src/config/fields.ts'
import { chainFields } from '../../src/exporting/config.ts'
import { isReservedHeader } from '../../src/net/grpc/client.ts'
import { type GrpcTarget, parseGrpcTarget } from '../../src/net/grpc/client_target.ts'

/** The address as it was written, and taken apart. */
export interface Endpoint {
  readonly text: string
  readonly target: GrpcTarget
}

const endpoint = z.string().transform((text, context): Endpoint => {
  try {
    return { text, target: parseGrpcTarget(text) }
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message, input: text })
    return z.NEVER
  }
})

export const config = z.strictObject({
  endpoint: endpoint.describe(
    'Server: `host:port`, `dns:///host:port`, `unix:///path`, `https://host:port`, or `http://host:port` for one without TLS.',
  ),
  compression: z
    .enum(['gzip', 'zstd', 'snappy', 'deflate', 'none', ''])
    .default('gzip')
    .describe('How requests are compressed; none: not at all.'),
  headers: headers().default([]).describe('Metadata to add to each call. The values are never shown.'),
  auth: clientAuth().optional().describe('How to log in.'),
  tls: tlsClient().prefault({}).describe('TLS; it is used unless `insecure` says otherwise.'),
  ...chainFields,
  timeout: duration()
    .default(5000)
    .describe('How long one attempt to send may take, told to the server too; 0: no limit.'),
  keepalive: z
    .strictObject({
      time: duration().default(10_000).describe('Ping a server that has said nothing for so long; at least 10s.'),
      timeout: duration().default(10_000).describe('Give a connection up that does not answer a ping in this time.'),
      permit_without_stream: z.boolean().default(false).describe('Ping also while no call waits for an answer.'),
    })
    .prefault({})
    .describe('How a connection is found to be dead.'),
  balancer_name: z
    .enum(['round_robin', 'pick_first'])
    .default('round_robin')
    .describe('round_robin: send to all addresses of the host in turn. pick_first: to one of them.'),
  wait_for_ready: z
    .boolean()
    .default(false)
    .describe('Accepted and without effect: what finds no connection is kept and sent again anyway.'),
  authority: z
    .string()
    .optional()
    .describe('Name of the host that the server is told, in place of the one in endpoint.'),
  user_agent: z.string().optional().describe('Name of this client. Default: millrace and its version.'),
  read_buffer_size: bytes().optional().describe('Accepted and without effect.'),
  write_buffer_size: bytes().optional().describe('Accepted and without effect.'),
})
export type OtlpGrpcConfig = z.output<typeof config>

export function validate({ headers }: OtlpGrpcConfig): { path: string[]; message: string }[] {
  return headers
    .filter(([name]) => isReservedHeader(name))
    .map(([name]) => ({ path: ['headers', name], message: "is gRPC's own and can't be set" }))
}

/** Whether TLS is used: the scheme of the address says so, else `tls.insecure`. */
export function usesTls({ endpoint: { target }, tls }: OtlpGrpcConfig): boolean {
  return target.secure ?? !tls.insecure
}
