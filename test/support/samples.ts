import { attributeText, decodeAttributes } from '../../src/telemetry/attributes.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'

/** Values by `name{label="value"}`, labels in order of their names; a text that occurs twice is an error. */
export function samplesOf(batch: MetricBatch): Record<string, number> {
  const samples: Record<string, number> = {}
  for (const { key, value } of batch) {
    const text = key.descriptor.name + labelText(key.attributes)
    if (text in samples) throw new Error(`${text} was written twice`)
    samples[text] = value
  }
  return samples
}

function labelText(attributes: Uint8Array): string {
  const labels: string[] = []
  decodeAttributes(attributes, (name, value) => void labels.push(`${name}=${JSON.stringify(attributeText(value))}`))
  return labels.length === 0 ? '' : `{${labels.sort().join(',')}}`
}
