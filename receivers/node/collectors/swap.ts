import { FieldReader } from '../../../src/host/field_reader.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const size = family(gauge('node_swap_size_bytes', 'Swap device size in bytes.'), 'device', 'swap_type')
const used = family(gauge('node_swap_used_bytes', 'Swap device used in bytes.'), 'device', 'swap_type')
const priority = family(gauge('node_swap_priority', 'Swap device priority.'), 'device', 'swap_type')

/** Swap areas. Source: proc_swaps(5). */
export const swap = defineCollector({
  name: 'swap',
  defaultEnabled: false,
  flags: {},
  families: [size, used, priority],
  create: (_flags, { proc }) => ({
    collect(samples) {
      for (const area of parseSwaps(proc.read('swaps'))) {
        samples.emit(size, area.sizeBytes, area.device, area.type)
        samples.emit(used, area.usedBytes, area.device, area.type)
        samples.emit(priority, area.priority, area.device, area.type)
      }
    },
  }),
})

export interface SwapArea {
  readonly device: string
  readonly type: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly priority: number
}

/** A heading, then `/dev/zram0 partition 1048572 140 100`, sizes in kilobytes. Throws ParseError. */
export function parseSwaps(bytes: Buffer): SwapArea[] {
  const areas: SwapArea[] = []
  const reader = new FieldReader('swaps', bytes)
  reader.nextLine()
  while (reader.nextLine()) {
    reader.next()
    const device = reader.text
    reader.next()
    const type = reader.text
    const sizeBytes = reader.number(`${device} size`) * 1024
    const usedBytes = reader.number(`${device} used`) * 1024
    areas.push({ device, type, sizeBytes, usedBytes, priority: reader.signed(`${device} priority`) })
  }
  return areas
}
