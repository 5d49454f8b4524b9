import type { AnyBatch } from '../../src/component/types.ts'
import { attributeText, decodeAttributes } from '../../src/telemetry/attributes.ts'
import type { MetricBatch, PointCursor } from '../../src/telemetry/metrics/batch.ts'
import type { DistributionValue } from '../../src/telemetry/metrics/values.ts'

export type Verbosity = 'basic' | 'normal' | 'detailed'

/** Lines that describe a batch. Points of metrics are listed; spans and log records are counted. */
export function* summarize(batch: AnyBatch, verbosity: Verbosity): Generator<string> {
  yield `${batch.signal} from ${batch.origin.receiver}: ${batch.itemCount} items, ${batch.sizeBytes} bytes`
  if (batch.signal === 'metrics' && verbosity !== 'basic') yield* points(batch, verbosity)
}

function* points(batch: MetricBatch, verbosity: Verbosity): Generator<string> {
  for (const point of batch) {
    const { descriptor, attributes } = point.key
    const line = `  ${descriptor.name}${labels(attributes)} ${valueText(point)}`
    yield verbosity === 'normal' ? line : `${line}${details(point)}`
  }
}

function labels(attributes: Uint8Array): string {
  const list: string[] = []
  decodeAttributes(attributes, (key, value) => list.push(`${key}=${JSON.stringify(attributeText(value))}`))
  return list.length > 0 ? `{${list.join(',')}}` : ''
}

function valueText(point: PointCursor): string {
  if (point.stale) return 'stale'
  const { distribution } = point
  if (distribution) return distributionText(distribution)
  return point.isInt ? String((BigInt(point.valueHi | 0) << 32n) | BigInt(point.valueLo)) : String(point.value)
}

function distributionText(value: DistributionValue): string {
  const text = `count=${value.count} sum=${value.sum}`
  if ('quantiles' in value) return `${text} quantiles=[${pairs(value.quantiles, value.values)}]`
  if ('bounds' in value) return `${text} buckets=[${pairs([...value.bounds, Number.POSITIVE_INFINITY], value.counts)}]`
  return `${text} scale=${value.scale} zero=${value.zeroCount} positive=${value.positive.offset}+[${value.positive.counts}] negative=${value.negative.offset}+[${value.negative.counts}]`
}

const pairs = (keys: ArrayLike<number>, values: ArrayLike<number | bigint>): string =>
  Array.from(values, (value, i) => `${keys[i]}:${value}`).join(' ')

function details(point: PointCursor): string {
  const { kind, unit, temporality, monotonic } = point.descriptor
  const fields = [
    kind,
    temporality === 'unspecified' ? '' : temporality,
    monotonic ? 'monotonic' : '',
    unit && `unit=${unit}`,
  ]
  const times = [point.timeMs && `time=${iso(point.timeMs)}`, point.startMs && `start=${iso(point.startMs)}`]
  const exemplars = point.exemplars.length > 0 && `exemplars=${point.exemplars.length}`
  return ` (${[...fields, ...times, exemplars, `flags=${point.flags}`].filter(Boolean).join(' ')})`
}

const iso = (ms: number): string => new Date(ms).toISOString()
