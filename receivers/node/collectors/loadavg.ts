import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const load1 = family(gauge('node_load1', '1m load average.'))
const load5 = family(gauge('node_load5', '5m load average.'))
const load15 = family(gauge('node_load15', '15m load average.'))

/** Load averages. Source: proc_loadavg(5). */
export const loadavg = defineCollector({
  name: 'loadavg',
  defaultEnabled: true,
  flags: {},
  families: [load1, load5, load15],
  create: (_flags, { proc }) => ({
    collect(samples) {
      const [one, five, fifteen] = parseLoadavg(proc.text('loadavg'))
      samples.emit(load1, one)
      samples.emit(load5, five)
      samples.emit(load15, fifteen)
    },
  }),
})

/** `0.21 0.37 0.39 1/719 19737` → the first three fields. Throws ParseError with file and field. */
export function parseLoadavg(text: string): [number, number, number] {
  const fields = text.split(/\s+/)
  return [load(fields[0], '1m'), load(fields[1], '5m'), load(fields[2], '15m')]
}

function load(field: string | undefined, name: string): number {
  const value = Number(field || Number.NaN)
  if (!Number.isFinite(value)) throw new ParseError('loadavg', name, field ?? '')
  return value
}
