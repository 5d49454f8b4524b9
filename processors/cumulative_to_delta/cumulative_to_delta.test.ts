import { describe, expect, test } from 'vitest'
import { BatchBuilder } from '../../src/telemetry/metrics/batch_builder.ts'
import { counter, type Descriptor, histogram } from '../../src/telemetry/metrics/descriptor.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../src/telemetry/resource.ts'
import { FakeClock } from '../../test/support/clock.ts'
import { fakeSettings, RecordedDrops } from '../../test/support/settings.ts'
import { cumulativeToDelta } from './processor.ts'

const bounds = Float64Array.of(1)

/** Sends 10 and then 15 of each metric; returns what left the second time, by name. */
async function secondValues(config: object, descriptors: Descriptor[]) {
  const drops = new RecordedDrops()
  const clock = new FakeClock()
  const settings = fakeSettings({ kind: 'processor', drops, clock })
  const out: [string, number][] = []
  const consume = async (
    batch: Iterable<{ value: number; descriptor: Descriptor; distribution?: { count: number } }>,
  ) => {
    out.length = 0
    for (const { value, descriptor, distribution } of batch) out.push([descriptor.name, distribution?.count ?? value])
  }
  const it = cumulativeToDelta.create(
    cumulativeToDelta.config.parse(config),
    { metrics: { consume } as never },
    settings,
  )
  for (const value of [10, 15]) {
    await clock.advance(1000)
    const builder = new BatchBuilder(settings.series).at(clock.nowMs())
    for (const descriptor of descriptors) {
      const ref = builder.ref(settings.series.keys.key(NO_RESOURCE, NO_SCOPE, descriptor, new Uint8Array(0)))
      if (descriptor.kind === 'sum') builder.number(ref, value)
      else builder.distribution(ref, { count: value, bounds, counts: Float64Array.of(value, 0) })
    }
    await it.metrics?.(builder.finish({ receiver: 'r' }), AbortSignal.timeout(1000))
  }
  await it.shutdown?.(AbortSignal.timeout(1000))
  return { out: Object.fromEntries(out), drops: drops.counts }
}
const metrics = [counter('http.requests', ''), counter('http.errors', ''), histogram('http.duration', '')]

describe('which metrics become deltas', () => {
  test.each<[string, object, Record<string, number>]>([
    ['all', {}, { 'http.requests': 5, 'http.errors': 5, 'http.duration': 5 }],
    [
      'those of a name',
      { include: { match_type: 'strict', metrics: ['http.errors'] } },
      { 'http.requests': 15, 'http.errors': 5, 'http.duration': 15 },
    ],
    [
      'those that an expression matches anywhere, less the excluded',
      {
        include: { match_type: 'regexp', metrics: ['http'] },
        exclude: { match_type: 'strict', metrics: ['http.errors'] },
      },
      { 'http.requests': 5, 'http.errors': 15, 'http.duration': 5 },
    ],
    [
      'those of a type',
      { include: { metric_types: ['histogram'] } },
      { 'http.requests': 15, 'http.errors': 15, 'http.duration': 5 },
    ],
    [
      'all but a type',
      { exclude: { metric_types: ['histogram'] } },
      { 'http.requests': 5, 'http.errors': 5, 'http.duration': 15 },
    ],
    [
      'those of a type and a name',
      { include: { metric_types: ['sum'], match_type: 'regexp', metrics: ['s$'] } },
      { 'http.requests': 5, 'http.errors': 5, 'http.duration': 15 },
    ],
  ])('%s', async (_, config, expected) => {
    expect((await secondValues(config, metrics)).out).toEqual(expected)
  })

  test('first values are counted as dropped', async () => {
    expect((await secondValues({ initial_value: 'drop' }, metrics)).drops).toEqual({ 'metrics/initial_value': 3 })
    expect((await secondValues({ initial_value: 'keep' }, metrics)).drops).toEqual({})
  })
})

describe('its config', () => {
  const parsed = (config: object) => cumulativeToDelta.config.safeParse(config)
  test('says which expression is none', () => {
    const { error } = parsed({ include: { match_type: 'regexp', metrics: ['ok', '('] } })
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['include.metrics.1'])
  })
  test('wants match_type and metrics together', () => {
    const problems = (config: object) => cumulativeToDelta.validate?.(cumulativeToDelta.config.parse(config))
    expect(problems({ include: { metrics: ['a'] } })?.[0].path).toEqual(['include', 'match_type'])
    expect(problems({ exclude: { match_type: 'strict' } })?.[0].path).toEqual(['exclude', 'metrics'])
    expect(problems({ include: { metric_types: ['sum'] } })).toEqual([])
  })
})
