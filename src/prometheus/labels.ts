import type { Label } from './exposition.ts'
import { compareUtf8, type Escaping, escapeLabelName, isLegacyLabel, isLegacyName } from './names.ts'

/** `\`, line feed and `"` of label values and quoted names; help texts of the text format leave `"` as it is. */
export function escapeQuoted(text: string): string {
  return /[\\\n"]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"') : text
}
export function escapeHelp(text: string): string {
  return /[\\\n]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n') : text
}

/** A family name as comment lines have it. */
export function nameText(name: string): string {
  return isLegacyName(name) ? name : `"${escapeQuoted(name)}"`
}

/** `a="1",b="2"`: without braces; nothing for no labels. */
export function labelText(labels: readonly Label[]): string {
  return labels.map(([name, value]) => `${labelNameText(name)}="${escapeQuoted(value)}"`).join(',')
}
const labelNameText = (name: string): string => (isLegacyLabel(name) ? name : `"${escapeQuoted(name)}"`)

/** Name and labels of a series, `text` being its `labelText`: `up{job="a"}`, or `{"my.name",job="a"}`. */
export function seriesText(name: string, text: string): string {
  if (isLegacyName(name)) return text === '' ? name : `${name}{${text}}`
  return `{"${escapeQuoted(name)}"${text === '' ? '' : `,${text}`}}`
}

/** What stands before the value of one more label, `le` or `quantile`: `name_bucket{job="a",le="`. */
export function openSeriesText(name: string, text: string, label: string): string {
  const rest = text === '' ? `${label}="` : `${text},${label}="`
  return isLegacyName(name) ? `${name}{${rest}` : `{"${escapeQuoted(name)}",${rest}`
}

/** Sorted by name, names escaped. Values of names that become the same are joined with `;` in the order of the original names. */
export function escapeLabels(labels: readonly Label[], escaping: Escaping): readonly Label[] {
  if (escaping === 'allow-utf-8' || labels.every(([name]) => isLegacyLabel(name))) return labels
  return joinLabels(labels.map(([name, value]) => [name, escapeLabelName(name, escaping), value]))
}

/**
 * Labels from triples of original name, name and value: sorted by name, empty values left out, values of equal names
 * joined with `;` in the order of their original names (OpenTelemetry specification, Prometheus compatibility, attributes).
 */
export function joinLabels(triples: (readonly [original: string, name: string, value: string])[]): readonly Label[] {
  const sorted = triples
    .filter(([, , value]) => value !== '')
    .sort((a, b) => compareUtf8(a[1], b[1]) || compareUtf8(a[0], b[0]))
  const out: [string, string][] = []
  for (const [, name, value] of sorted) {
    const last = out[out.length - 1]
    if (last && last[0] === name) last[1] += `;${value}`
    else out.push([name, value])
  }
  return out
}
