import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const blocks = family(
  gauge('node_buddyinfo_blocks', 'Count of free blocks according to size.'),
  ...['node', 'zone', 'size'],
)

/** Fragmentation of memory. Source: proc_buddyinfo(5). */
export const buddyinfo = defineCollector({
  name: 'buddyinfo',
  defaultEnabled: false,
  flags: {},
  families: [blocks],
  create: (_flags, { proc }) => ({
    collect(samples) {
      for (const { node, zone, counts } of parseBuddyinfo(proc.read('buddyinfo').toString('latin1')))
        counts.forEach((count, size) => void samples.emit(blocks, count, node, zone, String(size)))
    },
  }),
})

/** `Node 0, zone   DMA32  759  572 …`: free blocks by order. Throws ParseError; all lines must have as many. */
export function parseBuddyinfo(text: string): { node: string; zone: string; counts: number[] }[] {
  let length: number | undefined
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [, node, zone, rest = ''] = /^Node (\d+), zone\s+(\S+?),?((?:\s+\d+)*)\s*$/.exec(line) ?? []
      if (node === undefined) throw new ParseError('buddyinfo', 'zone', line)
      const counts = rest.trim().split(/\s+/).filter(Boolean).map(Number)
      length ??= counts.length
      if (counts.length !== length) throw new ParseError('buddyinfo', 'columns', line)
      return { node, zone, counts }
    })
}
