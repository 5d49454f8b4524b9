import { onTestFinished } from 'vitest'
import { otlp } from '../../receivers/otlp/receiver.ts'
import type { Admission } from '../../src/component/admission.ts'
import { type Clock, systemClock } from '../../src/component/clock.ts'
import { type AnyBatch, type Extension, type Next, SIGNALS, type Signal } from '../../src/component/types.ts'
import { createListeners } from '../../src/net/listeners.ts'
import { fakeSettings, openAdmission, RecordedDrops, RecordedLog } from '../support/settings.ts'

export const METHODS: Record<Signal, string> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}

export interface ReceiverWorld {
  grpc?: object | null
  http?: object | null
  consume?: (batch: AnyBatch) => Promise<void>
  /** Signals that a pipeline takes; all when absent. */
  signals?: readonly Signal[]
  admission?: Admission
  extensions?: Record<string, Extension>
  clock?: Clock
}

/** An `otlp` receiver at free ports, shut down when the test ends. */
export async function startOtlp({ grpc = {}, http = {}, consume, signals = SIGNALS, ...over }: ReceiverWorld = {}) {
  const log = new RecordedLog()
  const drops = new RecordedDrops()
  const clock = over.clock ?? systemClock
  const own = createListeners({ log, clock })
  const ports: Record<string, number> = {}
  const listeners = {
    http: (...borrow: Parameters<typeof own.http>) =>
      own.http(...borrow).then(borrowed => {
        ports.http = borrowed.address.port
        return borrowed
      }),
    grpc: (...borrow: Parameters<typeof own.grpc>) =>
      own.grpc(...borrow).then(borrowed => {
        ports.grpc = borrowed.address.port
        return borrowed
      }),
  }
  const taken: AnyBatch[] = []
  const take = async (batch: AnyBatch) => {
    await consume?.(batch)
    taken.push(batch)
  }
  const settings = fakeSettings({
    id: 'otlp',
    log,
    drops,
    clock,
    listeners,
    admission: over.admission ?? openAdmission,
    extension: id => over.extensions?.[id] ?? {},
  })
  const free = { endpoint: '127.0.0.1:0' }
  const protocols = { ...(grpc && { grpc: { ...free, ...grpc } }), ...(http && { http: { ...free, ...http } }) }
  const next = Object.fromEntries(signals.map(signal => [signal, { consume: take }])) as Next
  const receiver = otlp.create(otlp.config.parse({ protocols }), next, settings)
  await receiver.start?.()
  onTestFinished(async () => {
    await receiver.shutdown?.(AbortSignal.abort())
    await own.close(AbortSignal.abort())
  })
  return {
    receiver,
    taken,
    log,
    drops,
    ports,
    settings,
    url: (signal: Signal = 'traces') => `http://127.0.0.1:${ports.http}/v1/${signal}`,
    target: `127.0.0.1:${ports.grpc}`,
  }
}

/** An export request with one span of this name: enough for what is not about its content. */
export function oneSpan(name = 'GET /'): Uint8Array<ArrayBuffer> {
  const field = (tag: number, bytes: Uint8Array) => Buffer.concat([Uint8Array.of(tag, bytes.length), bytes])
  const span = Buffer.concat([
    field(10, Buffer.alloc(16, 7)),
    field(18, Buffer.alloc(8, 7)),
    field(42, Buffer.from(name)),
  ])
  return new Uint8Array(field(10, field(18, field(18, span))))
}

export const PROTOBUF = { 'content-type': 'application/x-protobuf' }
export const JSON_TYPE = { 'content-type': 'application/json' }
