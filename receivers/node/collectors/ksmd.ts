import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const help = (file: string) => `ksmd '${file}' file.`

/** Files of /sys/kernel/mm/ksm that are written as they are. */
const GAUGES = 'merge_across_nodes pages_shared pages_sharing pages_to_scan pages_unshared pages_volatile run'.split(
  ' ',
)
const FILES = [
  { file: 'full_scans', of: family(counter('node_ksmd_full_scans_total', help('full_scans'))), factor: 1 },
  ...GAUGES.map(file => ({ file, of: family(gauge(`node_ksmd_${file}`, help(file))), factor: 1 })),
  {
    ...{ file: 'sleep_millisecs', factor: 1 / 1000 },
    of: family(gauge('node_ksmd_sleep_seconds', help('sleep_millisecs'))),
  },
]

/** Merging of equal pages. Source: the kernel's admin-guide/mm/ksm.rst. */
export const ksmd = defineCollector({
  name: 'ksmd',
  defaultEnabled: false,
  flags: {},
  families: FILES.map(({ of }) => of),
  create: (_flags, { sys }) => ({
    collect(samples) {
      for (const { file, of, factor } of FILES) samples.emit(of, sys.number(`kernel/mm/ksm/${file}`) * factor)
    },
  }),
})
