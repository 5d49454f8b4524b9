import { attributeText, decodeAttributes } from '../telemetry/attributes.ts'
import type { Exemplar } from '../telemetry/metrics/values.ts'
import type { Label } from './exposition.ts'
import { isLegacyLabel } from './names.ts'
import { translateLabel } from './translate.ts'

/** Characters that names and values of an exemplar's labels may have together. OpenMetrics 1.0, Exemplars. */
const MAX_CHARACTERS = 128

const legacyLabel = (name: string): string | undefined =>
  isLegacyLabel(name) ? name : translateLabel(name, 'UnderscoreEscapingWithSuffixes')

/** `trace_id`, `span_id` and the attributes, as long as these fit; ids never leave for attributes. */
export function exemplarLabels(exemplar: Exemplar): Label[] {
  const labels: Label[] = []
  if (exemplar.traceId.length > 0) labels.push(['trace_id', hex(exemplar.traceId)])
  if (exemplar.spanId.length > 0) labels.push(['span_id', hex(exemplar.spanId)])
  let left = MAX_CHARACTERS - labels.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  decodeAttributes(exemplar.attributes, (key, value) => {
    const name = legacyLabel(key)
    if (name === undefined || labels.some(([taken]) => taken === name)) return
    const text = attributeText(value)
    const characters = [...name].length + [...text].length
    if (characters > left) return
    left -= characters
    labels.push([name, text])
  })
  return labels
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

/** The exemplar of each bucket: the one with the largest value, as OpenTelemetry's specification asks of pull exporters. */
export function exemplarsByBucket(bounds: Float64Array, exemplars: readonly Exemplar[]): Map<number, Exemplar> {
  const chosen = new Map<number, Exemplar>()
  for (const exemplar of exemplars) {
    const value = Number(exemplar.value)
    if (Number.isNaN(value)) continue
    let bucket = bounds.findIndex(bound => value <= bound)
    if (bucket < 0) bucket = bounds.length
    const other = chosen.get(bucket)
    if (!other || Number(other.value) < value) chosen.set(bucket, exemplar)
  }
  return chosen
}
