import { ParseError } from '../../../src/host/parse_error.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData } from '../collector.ts'

const waiting = (resource: string, what: string): Family =>
  family(
    counter(
      `node_pressure_${resource}_waiting_seconds_total`,
      `Total time in seconds that processes have waited ${what}`,
    ),
  )
const stalled = (resource: string, name: string): Family =>
  family(
    counter(
      `node_pressure_${resource}_stalled_seconds_total`,
      `Total time in seconds no process could make progress due to ${name} congestion`,
    ),
  )

/** Files of /proc/pressure, and the families of their two lines. `full` of the CPU is 0 by definition. */
const RESOURCES: readonly { readonly name: string; readonly some?: Family; readonly full?: Family }[] = [
  { name: 'cpu', some: waiting('cpu', 'for CPU time') },
  { name: 'io', some: waiting('io', 'due to IO congestion'), full: stalled('io', 'IO') },
  { name: 'memory', some: waiting('memory', 'for memory'), full: stalled('memory', 'memory') },
  { name: 'irq', full: stalled('irq', 'IRQ') },
]

/** Pressure stall information. Source: the kernel's accounting/psi.rst. */
export const pressure = defineCollector({
  name: 'pressure',
  defaultEnabled: true,
  flags: {},
  families: RESOURCES.flatMap(({ some, full }) => [some, full].filter(one => one !== undefined)),
  create(_flags, { proc }) {
    const read = (name: string) => {
      try {
        return proc.find(`pressure/${name}`)
      } catch (error) {
        // The kernel has it and was not told to count: psi=1 on its command line.
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOTSUP' || code === 'EOPNOTSUPP') throw new NoData('pressure information is switched off')
        throw error
      }
    }
    return {
      collect(samples) {
        let found = 0
        for (const { name, some, full } of RESOURCES) {
          const bytes = read(name)
          if (!bytes) continue
          const totals = parsePressure(bytes.toString('latin1'), name)
          for (const [one, micros] of [
            [some, totals.some],
            [full, totals.full],
          ] as const) {
            if (one && micros === undefined) throw new NoData(`pressure/${name} lacks a line`)
            if (one && micros !== undefined) samples.emit(one, micros / 1000 / 1000)
          }
          found++
        }
        if (found === 0) throw new NoData('the kernel has no pressure information')
      },
    }
  },
})

const LINE = /^(some|full) avg10=[\d.]+ avg60=[\d.]+ avg300=[\d.]+ total=(\d+)/

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=17` and the same for `full`: totals in microseconds. Throws ParseError. */
export function parsePressure(text: string, name: string): { some?: number; full?: number } {
  const totals: { some?: number; full?: number } = {}
  for (const line of text.split('\n')) {
    if (!/^(some|full)/.test(line)) continue
    const [, kind, total] = LINE.exec(line) ?? []
    if (total === undefined) throw new ParseError(`pressure/${name}`, 'total', line)
    totals[kind as 'some' | 'full'] = Number(total)
  }
  return totals
}
