/** A part of a metric's name from a name of the kernel's: every run of other signs, underscores around it included, is one `_`. */
export function metricName(text: string): string {
  return text.replace(/_*[^0-9A-Za-z_]+_*/g, '_')
}
