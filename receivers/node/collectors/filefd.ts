import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const allocated = family(gauge('node_filefd_allocated', 'File descriptor statistics: allocated.'))
const maximum = family(gauge('node_filefd_maximum', 'File descriptor statistics: maximum.'))

/** Open files of the host. Source: proc_sys_fs(5), file-nr. */
export const filefd = defineCollector({
  name: 'filefd',
  defaultEnabled: true,
  flags: {},
  families: [allocated, maximum],
  create: (_flags, { proc }) => ({
    collect(samples) {
      const found = parseFileNr(proc.text('sys/fs/file-nr'))
      samples.emit(allocated, found.allocated)
      samples.emit(maximum, found.maximum)
    },
  }),
})

/** `1184<tab>0<tab>9223372036854775807`: allocated, free (always 0 since Linux 2.6), maximum. Throws ParseError. */
export function parseFileNr(text: string): { allocated: number; maximum: number } {
  const [, allocated, maximum] = /^(\d+)\t\d+\t(\d+)$/.exec(text) ?? []
  if (maximum === undefined) throw new ParseError('sys/fs/file-nr', 'allocated, free, maximum', text)
  return { allocated: Number(allocated), maximum: Number(maximum) }
}
