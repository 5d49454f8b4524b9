import { FieldReader } from '../../../src/host/field_reader.ts'
import { pageSizeBytes } from '../../../src/host/page_size.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family, type SeriesHandle } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples } from '../collector.ts'

const used = family(gauge('node_sockstat_sockets_used', 'Number of IPv4 sockets in use.'))
const KEYS = new Set(['inuse', 'orphan', 'tw', 'alloc', 'mem', 'memory'])

/** Sockets by protocol. Source: /proc/net/sockstat and sockstat6, proc_net(5) and tcp(7). */
export const sockstat = defineCollector({
  name: 'sockstat',
  defaultEnabled: true,
  flags: {},
  families: [used],
  create(_flags, { proc }) {
    const series = new Map<string, SeriesHandle>()
    const pageBytes = pageSizeBytes()
    const put = (samples: Samples, protocol: string, key: string, value: number) => {
      const name = `${protocol}_${key}`
      let handle = series.get(name)
      if (!handle) {
        const help = `Number of ${protocol} sockets in state ${key}.`
        handle = samples.series(family(gauge(`node_sockstat_${name}`, help)))
        series.set(name, handle)
      }
      samples.put(handle, value)
    }
    return {
      collect(samples) {
        for (const file of ['net/sockstat', 'net/sockstat6']) {
          const bytes = proc.find(file)
          if (!bytes) continue
          for (const { protocol, values } of parseSockstat(bytes, file)) {
            if (protocol === 'sockets') {
              if (file === 'net/sockstat') samples.emit(used, values.get('used') ?? 0)
              continue
            }
            if (!values.has('inuse')) put(samples, protocol, 'inuse', 0)
            for (const [key, value] of values) if (KEYS.has(key)) put(samples, protocol, key, value)
            const pages = values.get('mem')
            if (pages !== undefined) put(samples, protocol, 'mem_bytes', pages * pageBytes)
          }
        }
      },
    }
  },
})

/** `TCP: inuse 7 orphan 0 tw 3 alloc 9 mem 2`: one line a protocol. Throws ParseError. */
export function parseSockstat(bytes: Buffer, file: string): { protocol: string; values: Map<string, number> }[] {
  const lines: { protocol: string; values: Map<string, number> }[] = []
  const reader = new FieldReader(file, bytes)
  while (reader.nextLine()) {
    reader.next()
    const protocol = reader.text.replace(/:$/, '')
    const values = new Map<string, number>()
    do {
      reader.next()
      const key = reader.text
      values.set(key, reader.signed(`${protocol} ${key}`))
    } while (reader.hasNext)
    lines.push({ protocol, values })
  }
  return lines
}
