import {
  type GrpcCall,
  type GrpcExchange,
  type GrpcMethod,
  type GrpcMethods,
  type Next,
  type ServerAuth,
  SIGNALS,
  type Signal,
} from '../../src/component/types.ts'
import { RPC, RpcError } from '../../src/net/rpc_status.ts'
import { authenticate } from './authenticate.ts'
import type { GrpcConfig } from './config.ts'
import { keptMetadata } from './metadata.ts'
import { Offer, type OfferContext } from './offer.ts'

/** opentelemetry/proto/collector/{trace,metrics,logs}/v1: one service each, with the one method Export. */
const METHODS: Record<Signal, string> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}
const DEFAULT_MESSAGE_MIB = 4
/** An export response without partial success, of any signal. */
const TAKEN = new Uint8Array()

export interface GrpcProtocol {
  readonly config: GrpcConfig
  readonly next: Next
  readonly context: OfferContext
  readonly auth: ServerAuth | undefined
}

/** OTLP/gRPC for the signals that a pipeline takes; the methods of others say that none does. */
export function grpcMethods(protocol: GrpcProtocol): GrpcMethods {
  return Object.fromEntries(SIGNALS.map(signal => [METHODS[signal], exportMethod(protocol, signal)]))
}

function exportMethod(protocol: GrpcProtocol, signal: Signal): GrpcMethod {
  const { config, next, context, auth } = protocol
  const consumer = next[signal]
  const offered = (call: GrpcCall, { fail }: { fail?: Error } = {}) => {
    if (!consumer) throw new RpcError(RPC.UNIMPLEMENTED, `no pipeline takes ${signal} from ${context.receiver}`)
    const metadata = keptMetadata(call.headers, config.include_metadata, auth?.headers ?? [])
    const offer = new Offer(signal, consumer, context, call.peer, metadata)
    if (fail) offer.close(fail)
    return offer
  }
  return {
    maxMessageBytes: (config.max_recv_msg_size_mib || DEFAULT_MESSAGE_MIB) * 2 ** 20,
    open(call) {
      if (!auth) return exchange(offered(call))
      const refuse = (error: Error): never => {
        offered(call, { fail: error })
        throw error
      }
      try {
        const proof = authenticate(auth, call.headers)
        return proof ? proof.then(() => exchange(offered(call)), refuse) : exchange(offered(call))
      } catch (error) {
        return refuse(error as Error)
      }
    },
  }
}

function exchange(offer: Offer): GrpcExchange {
  return {
    reserve: sizeBytes => offer.reserve(sizeBytes),
    async handle(message) {
      await offer.take(message, 'protobuf')
      return TAKEN
    },
    close: error => offer.close(error),
  }
}
