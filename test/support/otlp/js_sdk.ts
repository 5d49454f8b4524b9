import {
  type Attributes,
  context,
  createTraceState,
  ROOT_CONTEXT,
  type SeverityNumber,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPLogExporter as LogsByGrpc } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as LogsByJson } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogsByProto } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as MetricsByGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc'
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as MetricsByJson,
} from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as MetricsByProto } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as TracesByGrpc } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TracesByJson } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as TracesByProto } from '@opentelemetry/exporter-trace-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Signal } from '../../../src/component/types.ts'
import type { Transport } from './through_receiver.ts'

const EXPORTERS = {
  traces: { grpc: TracesByGrpc, 'http/protobuf': TracesByProto, 'http/json': TracesByJson },
  metrics: { grpc: MetricsByGrpc, 'http/protobuf': MetricsByProto, 'http/json': MetricsByJson },
  logs: { grpc: LogsByGrpc, 'http/protobuf': LogsByProto, 'http/json': LogsByJson },
} as const

const resource = resourceFromAttributes({ 'service.name': 'shop', 'process.pid': 17, 'deployment.tags': ['a', 'b'] })
const SCOPE = ['checkout', '1.2.3', { schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' }] as const

function attributes(i: number): Attributes {
  return {
    text: `värde ${i} 📈`,
    whole: i - 500,
    large: Number.MAX_SAFE_INTEGER - i,
    real: i / 7,
    yes: i % 2 === 0,
    texts: ['x', `y${i}`],
    numbers: [i, -i],
    flags: [true, false],
    empty: '',
  }
}

/** Sends `count` items of a signal with the OpenTelemetry SDK for JavaScript and its exporter for this transport. */
export async function sendByJsSdk(signal: Signal, transport: Transport, port: number, count: number, gzip: boolean) {
  const url = `http://127.0.0.1:${port}${transport === 'grpc' ? '' : `/v1/${signal}`}`
  const options = { url, ...(gzip && { compression: CompressionAlgorithm.GZIP }) }
  if (signal === 'traces') await sendSpans(new EXPORTERS.traces[transport](options), count)
  else if (signal === 'logs') await sendLogs(new EXPORTERS.logs[transport](options), count)
  else {
    const temporalityPreference = gzip
      ? AggregationTemporalityPreference.DELTA
      : AggregationTemporalityPreference.CUMULATIVE
    await sendPoints(new EXPORTERS.metrics[transport]({ ...options, temporalityPreference }), count)
  }
}

async function sendSpans(exporter: InstanceType<(typeof EXPORTERS.traces)[Transport]>, count: number) {
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: count, maxExportBatchSize: 128 })
  const provider = new TracerProvider({ resource, spanProcessors: [processor], spanLimits: { attributeCountLimit: 9 } })
  const tracer = provider.getTracer(...SCOPE)
  for (let i = 0; i < count; i++) {
    const remote = {
      traceId: (i + 1).toString(16).padStart(32, 'a'),
      spanId: (i + 1).toString(16).padStart(16, 'b'),
      traceFlags: 1,
      isRemote: true,
      traceState: createTraceState(`vendor=${i},other=1`),
    }
    const kinds = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER]
    const span = tracer.startSpan(
      `GET /items/${i}`,
      {
        kind: kinds[i % 5],
        startTime: [1_750_000_000 + i, 123_456_789],
        attributes: attributes(i),
        links: [{ context: { ...remote, spanId: 'c'.repeat(16) }, attributes: { why: `link ${i}` } }],
      },
      trace.setSpanContext(ROOT_CONTEXT, remote),
    )
    span.setAttribute('one.too.many', true)
    span.addEvent('cache miss', { key: `k${i}`, tries: i }, [1_750_000_000 + i, 200_000_001])
    span.setStatus(i % 3 === 0 ? { code: SpanStatusCode.ERROR, message: `broken ${i}` } : { code: SpanStatusCode.OK })
    span.end([1_750_000_001 + i, 1])
  }
  await provider.forceFlush()
  await provider.shutdown()
}

async function sendLogs(exporter: InstanceType<(typeof EXPORTERS.logs)[Transport]>, count: number) {
  const processor = new BatchLogRecordProcessor({ exporter, maxQueueSize: count, maxExportBatchSize: 128 })
  const provider = new LoggerProvider({ resource, processors: [processor] })
  const logger = provider.getLogger(...SCOPE)
  for (let i = 0; i < count; i++) {
    const body = [
      `line ${i}`,
      i,
      i / 3,
      true,
      ['a', i],
      { nested: { deep: [i, { x: 'y' }] } },
      new Uint8Array([1, 2, i % 256]),
    ]
    const span = {
      traceId: (i + 1).toString(16).padStart(32, 'd'),
      spanId: (i + 1).toString(16).padStart(16, 'e'),
      traceFlags: 1,
    }
    logger.emit({
      timestamp: [1_750_000_000 + i, 987_654_321],
      observedTimestamp: [1_750_000_002, i],
      severityNumber: ((i % 24) + 1) as SeverityNumber,
      severityText: `LEVEL${i % 24}`,
      eventName: `event.${i % 10}`,
      body: body[i % body.length],
      attributes: { ...attributes(i), tree: { a: { b: [1, 'two', { three: 3 }] } }, raw: new Uint8Array([i % 256, 0]) },
      context: trace.setSpanContext(context.active(), span),
    })
  }
  await provider.forceFlush()
  await provider.shutdown()
}

/** Five instruments with a fifth of the points each, so that every kind of point is among them. */
async function sendPoints(exporter: InstanceType<(typeof EXPORTERS.metrics)[Transport]>, count: number) {
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 10_000,
  })
  const views = [
    { instrumentName: 'latency.exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM as const } },
  ]
  const provider = new MeterProvider({ resource, readers: [reader], views })
  const meter = provider.getMeter(...SCOPE)
  const points = count / 5
  const requests = meter.createCounter('requests', { description: 'requests served', unit: '{request}' })
  const open = meter.createUpDownCounter('connections.open', { unit: '{connection}' })
  const latency = meter.createHistogram('latency', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1, 10] } })
  const fine = meter.createHistogram('latency.exponential', { unit: 's' })
  meter.createObservableGauge('temperature', { unit: 'Cel' }).addCallback(result => {
    for (let i = 0; i < points; i++) result.observe(i / 3 - 20, attributes(i))
  })
  for (let i = 0; i < points; i++) {
    const labels = attributes(i)
    requests.add(i + 1, labels)
    open.add(i % 2 ? -i : i + 0.5, labels)
    for (const value of [0.05, 0.5, 5, i]) {
      latency.record(value, labels)
      fine.record(value, labels)
    }
  }
  // Shutting down exports once more.
  await provider.shutdown()
}
