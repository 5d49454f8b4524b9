import { afterEach, beforeAll, expect, test } from 'vitest'
import { otlpGrpc } from '../../exporters/otlp_grpc/exporter.ts'
import { otlpHttp } from '../../exporters/otlp_http/exporter.ts'
import { type AnyBatch, SIGNALS, type Signal } from '../../src/component/types.ts'
import { requestBytes } from '../../src/otlp/export_request.ts'
import { grpcClient } from '../otlp/grpc_world.ts'
import { METHODS, startOtlp } from '../otlp/receiver_world.ts'
import { endSenders, sender } from '../otlp_export/sending.ts'
import { everyField } from '../support/otlp/every_field.ts'
import { firstDifference, itemsOf, Schema } from '../support/otlp/schema.ts'
import { describeWith } from '../support/servers/requires.ts'

const ITEMS = 1000
const WAYS = [
  ['gRPC', otlpGrpc, { compression: 'none' }],
  ['gRPC with gzip', otlpGrpc, { compression: 'gzip' }],
  ['gRPC with zstd', otlpGrpc, { compression: 'zstd' }],
  ['HTTP', otlpHttp, { compression: 'none' }],
  ['HTTP with gzip', otlpHttp, { compression: 'gzip' }],
  ['HTTP with zstd', otlpHttp, { compression: 'zstd' }],
  ['HTTP with deflate', otlpHttp, { compression: 'deflate' }],
  ['HTTP as JSON', otlpHttp, { compression: 'none', encoding: 'json' }],
  ['HTTP as JSON with gzip', otlpHttp, { compression: 'gzip', encoding: 'json' }],
] as const

describeWith(['OpenTelemetry for Python'], 'what one agent sends to another', () => {
  let schema: Schema
  beforeAll(async () => {
    schema = await Schema.load()
  })
  afterEach(endSenders)

  const itemsIn = (signal: Signal, batches: readonly AnyBatch[]) =>
    itemsOf(
      signal,
      batches.map(batch => schema.decode(signal, requestBytes(batch))),
    )

  test.each(WAYS.flatMap(way => SIGNALS.map(signal => [signal, ...way] as const)))(
    'is there field by field: %s by %s',
    async (signal, _, definition, given) => {
      const first = await startOtlp()
      const second = await startOtlp()
      const endpoint = definition === otlpHttp ? `http://127.0.0.1:${second.ports.http}` : second.target
      const { send } = await sender(definition, { endpoint, tls: { insecure: true }, ...given })
      const { call } = grpcClient(first.target)
      for (const request of everyField(schema, signal, ITEMS))
        await call(schema.encode(signal, request), { path: METHODS[signal] })
      for (const batch of first.taken) expect(await send(batch)).toBeUndefined()
      expect(itemsIn(signal, first.taken)).toHaveLength(ITEMS)
      expect(firstDifference(itemsIn(signal, second.taken), itemsIn(signal, first.taken))).toBeUndefined()
    },
  )
})
