import { ByteMap } from '../../../src/host/byte_map.ts'
import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples } from '../collector.ts'

/** The fields that node_exporter has; others of the kernel are left out. */
export const MEMINFO_FIELDS =
  `MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon)
  Active(file) Inactive(file) Unevictable Mlocked SwapTotal SwapFree Zswap Zswapped Dirty Writeback AnonPages Mapped Shmem Slab
  SReclaimable SUnreclaim KernelStack PageTables NFS_Unstable Bounce WritebackTmp CommitLimit Committed_AS VmallocTotal
  VmallocUsed VmallocChunk Percpu HardwareCorrupted AnonHugePages ShmemHugePages ShmemPmdMapped CmaTotal CmaFree
  HugePages_Total HugePages_Free HugePages_Rsvd HugePages_Surp Hugepagesize DirectMap4k DirectMap2M DirectMap1G`.split(
    /\s+/,
  )

/** `Active(anon)` → `Active_anon_bytes`; `HugePages_*` are numbers of pages. */
function memoryFamily(field: string): Family {
  const name = field.replace(/\((\w+)\)/, '_$1') + (field.startsWith('HugePages_') ? '' : '_bytes')
  return family(gauge(`node_memory_${name}`, `Memory information field ${name}.`))
}
const families = MEMINFO_FIELDS.map(memoryFamily)

/** Memory of the host. Source: proc_meminfo(5). */
export const meminfo = defineCollector({
  name: 'meminfo',
  defaultEnabled: true,
  flags: {},
  families,
  create(_flags, { proc }) {
    const parse = meminfoParser()
    let series: SeriesHandle[] | undefined
    return {
      collect(samples: Samples) {
        const values = parse(proc.read('meminfo'))
        series ??= families.map(one => samples.series(one))
        for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) samples.put(series[i], values[i])
      },
    }
  },
})

/**
 * A parser of `MemTotal:   24684096 kB` lines: bytes, or numbers of pages, in the order of MEMINFO_FIELDS; NaN = not there.
 * The array is the parser's own, good until its next call. Throws ParseError for a line without a number or with another unit.
 */
export function meminfoParser(): (bytes: Buffer) => Float64Array {
  const places = new ByteMap<number>()
  const values = new Float64Array(MEMINFO_FIELDS.length)
  return bytes => {
    values.fill(Number.NaN)
    const reader = new FieldReader('meminfo', bytes)
    let lines = 0
    while (reader.nextLine()) {
      reader.next()
      lines++
      const place = places.get(bytes, reader.start, reader.stop, () =>
        MEMINFO_FIELDS.indexOf(reader.text.replace(/:$/, '')),
      )
      const name = place < 0 ? '' : MEMINFO_FIELDS[place]
      const value = reader.number(name)
      if (reader.next() && !reader.is('kB')) throw new ParseError('meminfo', name, reader.text)
      if (place >= 0) values[place] = reader.stop > reader.start ? value * 1024 : value
    }
    if (lines === 0) throw new ParseError('meminfo', 'MemTotal', '')
    return values
  }
}
