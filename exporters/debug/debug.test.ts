import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { everyKind, generatedTraces } from '../../test/support/generate.ts'
import { fakeSettings, RecordedLog } from '../../test/support/settings.ts'
import { debug } from './exporter.ts'

const never = new AbortController().signal

function made(config: object) {
  const log = new RecordedLog()
  const clock = new FakeClock()
  const settings = fakeSettings({ id: 'debug', kind: 'exporter', log, clock })
  return { log, clock, settings, exporter: debug.create(debug.config.parse(config), settings) }
}

describe('debug', () => {
  test('basic writes one line a batch, for every signal', async () => {
    const { exporter, log, settings } = made({})
    await exporter.metrics?.(everyKind(settings.series), never)
    await exporter.traces?.(generatedTraces(), never)
    expect(log.lines).toEqual([
      expect.stringMatching(/^info: metrics from generated: 11 items, \d+ bytes$/),
      expect.stringMatching(/^info: traces from generated: 1 items, \d+ bytes$/),
    ])
  })

  test('normal writes every data point with its labels and value, whatever its kind', async () => {
    const { exporter, log, settings } = made({ verbosity: 'normal' })
    await exporter.metrics?.(everyKind(settings.series), never)
    expect(log.lines.slice(1)).toEqual([
      'info:   generated_temperature_celsius{room="no \\"1\\"\\n\\\\"} -2.5',
      'info:   generated_special{kind="nan"} NaN',
      'info:   generated_special{kind="inf"} Infinity',
      'info:   generated_big_total 9007199254740993',
      'info:   generated_unknown 1e+21',
      'info:   generated_ended stale',
      'info:   generated_fresh_total 0',
      'info:   generated_lingering_total 7',
      'info:   generated_size_bytes count=6 sum=42.5 buckets=[5:3 10:2 Infinity:1]',
      'info:   generated_latency_seconds count=9 sum=3.25 scale=1 zero=2 positive=-1+[3,0,2] negative=2+[2]',
      'info:   generated_wait_seconds count=1152921504606846976 sum=12 quantiles=[0.5:0.1 0.99:0.9]',
    ])
  })

  test('detailed adds kind, times, exemplars and flags', async () => {
    const { exporter, log, settings } = made({ verbosity: 'detailed' })
    await exporter.metrics?.(everyKind(settings.series), never)
    expect(log.lines[4]).toBe(
      'info:   generated_big_total 9007199254740993 (sum cumulative monotonic time=2025-06-15T15:06:40.000Z start=2025-06-15T14:50:00.000Z exemplars=1 flags=2)',
    )
  })

  test('writes the first batches of a second and then every nth', async () => {
    const { exporter, log, clock } = made({ sampling_initial: 2, sampling_thereafter: 3 })
    for (let i = 0; i < 8; i++) await exporter.traces?.(generatedTraces(), never)
    expect(log.lines).toHaveLength(4)
    await clock.advance(1000)
    await exporter.traces?.(generatedTraces(), never)
    expect(log.lines).toHaveLength(5)
  })
})
