import { regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { untyped } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

/** Counters of virtual memory, by the names that the kernel has for them. Source: proc_vmstat(5). */
export const vmstat = defineCollector({
  name: 'vmstat',
  defaultEnabled: true,
  flags: {
    fields: regex()
      .default(new LazyRegex('^(oom_kill|pgpg|pswp|pg.*fault).*'))
      .describe('Fields of /proc/vmstat to write.'),
  },
  families: [],
  create({ fields }, { proc }) {
    const places = new ByteMap<{ readonly name: string; readonly series?: SeriesHandle }>()
    return {
      collect(samples) {
        const bytes = proc.read('vmstat')
        const reader = new FieldReader('vmstat', bytes)
        while (reader.nextLine()) {
          reader.next()
          const { name, series } = places.get(bytes, reader.start, reader.stop, () => {
            const field = reader.text
            const one = family(untyped(`node_vmstat_${field}`, `/proc/vmstat information field ${field}.`))
            return { name: field, ...(fields.test(field) && { series: samples.series(one) }) }
          })
          if (series) samples.put(series, reader.signed(name))
        }
      },
    }
  },
})
