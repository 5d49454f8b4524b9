import { z } from 'zod'
import { regex } from '../../../src/config/fields.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'

const entries = family(gauge('node_arp_entries', 'ARP entries by device'), 'device')

/** Neighbours by device. Source: /proc/net/arp, arp(7); netlink has the same entries. */
export const arp = defineCollector({
  name: 'arp',
  defaultEnabled: true,
  flags: {
    device_include: regex().optional().describe('Devices to take, and no others.'),
    device_exclude: regex().optional().describe('Devices to leave out.'),
    netlink: z.boolean().default(true).describe('Without effect: the entries come from /proc/net/arp either way.'),
  },
  families: [entries],
  create(flags, { proc }) {
    const filter = new NameFilter(flags.device_exclude, flags.device_include)
    return {
      collect(samples) {
        for (const [device, count] of parseArp(proc.read('net/arp').toString('utf8')))
          if (!filter.ignores(device)) samples.emit(entries, count, device)
      },
    }
  },
})

/** Fields of a line: address, type, flags, hardware address (none for some tunnels), mask, device. */
const MIN_FIELDS = 5

/** Entries by device, from a heading and one line an entry. Throws ParseError for a line that lacks fields. */
export function parseArp(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of text.split('\n').slice(1)) {
    if (line === '') continue
    const fields = line.trim().split(/\s+/)
    if (fields.length < MIN_FIELDS) throw new ParseError('net/arp', 'device', line)
    const device = fields[fields.length - 1]
    counts.set(device, (counts.get(device) ?? 0) + 1)
  }
  return counts
}
