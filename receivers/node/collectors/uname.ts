import os from 'node:os'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const info = family(
  gauge('node_uname_info', 'Labeled system information as provided by the uname system call.'),
  'sysname',
  'release',
  'version',
  'machine',
  'nodename',
  'domainname',
)

/** What uname(2) says; the NIS domain name, which Node does not hand out, from proc_sys_kernel(5). */
export const uname = defineCollector({
  name: 'uname',
  defaultEnabled: true,
  flags: {},
  families: [info],
  create: (_flags, { proc }) => ({
    collect(samples) {
      const domainname = proc.tryRead('sys/kernel/domainname')?.toString('utf8').trimEnd() ?? '(none)'
      samples.emit(info, 1, os.type(), os.release(), os.version(), os.machine(), os.hostname(), domainname)
    },
  }),
})
