import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Clock } from '../component/clock.ts'
import { sampleLoopDelay } from './event_loop_delay.ts'
import { type Instrument, instruments, type Sources } from './instruments.ts'

/** Seconds; 10 ms is what no slice of work may take. */
const DELAY_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

export interface Meter {
  /** One page of text 0.0.4. Rejects with what could not be read. */
  page(): Promise<string>
  shutdown(): Promise<void>
}

/** Registers the instruments with the OpenTelemetry SDK. Loaded late: these packages cost start-up time. */
export function createMeter(sources: Sources, clock: Clock): Meter {
  const reader = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true })
  const provider = new MeterProvider({ readers: [reader] })
  const meter = provider.getMeter('millrace')
  for (const instrument of instruments) observe(meter, instrument, sources)
  const delays = meter.createHistogram('millrace_event_loop_delay_seconds', {
    description: 'How late a timer came that was due, sampled 4 times a second: what other work made it wait.',
    advice: { explicitBucketBoundaries: DELAY_BUCKETS },
  })
  const stopSampling = sampleLoopDelay(clock, seconds => delays.record(seconds))
  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  return {
    async page() {
      const { resourceMetrics, errors } = await reader.collect()
      if (errors.length > 0) throw new AggregateError(errors, `some metrics could not be read: ${errors.join(', ')}`)
      return serializer.serialize(resourceMetrics)
    },
    async shutdown() {
      stopSampling()
      await provider.shutdown()
    },
  }
}

/** Observable instruments, since `Counter.add` costs 0.42 µs and the edges count on every batch. */
function observe(meter: ReturnType<MeterProvider['getMeter']>, instrument: Instrument, sources: Sources): void {
  const options = { description: instrument.help }
  const observable =
    instrument.type === 'counter'
      ? meter.createObservableCounter(instrument.name, options)
      : meter.createObservableGauge(instrument.name, options)
  observable.addCallback(result => {
    for (const [value, labels] of instrument.read(sources)) result.observe(value, labels)
  })
}
