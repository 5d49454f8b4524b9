import type { Signal } from '../../../src/component/types.ts'
import { requestBytes } from '../../../src/otlp/export_request.ts'
import { startOtlp } from '../../otlp/receiver_world.ts'
import { itemsOf, type Plain, type Schema } from './schema.ts'
import { startTee } from './tee.ts'

export type Transport = 'grpc' | 'http/protobuf' | 'http/json'
export const TRANSPORTS: readonly Transport[] = ['grpc', 'http/protobuf', 'http/json']

/**
 * Lets `send` send to an `otlp` receiver at a port, and returns every item twice: as it came over the wire and as the
 * receiver handed it on, both read by protobufjs through the schema of opentelemetry-proto.
 */
export async function throughReceiver(
  schema: Schema,
  signal: Signal,
  transport: Transport,
  send: (port: number) => Promise<unknown>,
) {
  const { ports, taken, drops } = await startOtlp()
  const tee = await startTee(transport === 'grpc' ? ports.grpc : ports.http)
  await send(tee.port)
  const recorded = await tee.requests()
  const sent = recorded.map(({ contentType, body }) =>
    contentType.startsWith('application/json') ? schema.decodeJson(signal, body) : schema.decode(signal, body),
  )
  const received: Plain[] = taken.map(batch => schema.decode(signal, requestBytes(batch)))
  return {
    sent: itemsOf(signal, sent),
    received: itemsOf(signal, received),
    /** Content type and compression of the requests. */
    forms: [...new Set(recorded.map(({ contentType, encoding }) => `${contentType.split(';')[0]} ${encoding}`.trim()))],
    refusals: drops.refusals,
  }
}

/** Content type that a transport uses. */
export const FORM: Record<Transport, string> = {
  grpc: 'grpc',
  'http/protobuf': 'application/x-protobuf',
  'http/json': 'application/json',
}
