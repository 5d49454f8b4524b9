import { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, type Samples } from '../collector.ts'
import { parseEnvironment } from './os_release.ts'

const LABELS =
  'build_id id id_like image_id image_version name pretty_name variant variant_id version version_codename version_id'.split(
    ' ',
  )
const info = family(
  gauge('node_os_info', `A metric with a constant '1' value labeled by ${LABELS.join(', ')}.`),
  ...LABELS,
)
const version = family(
  gauge('node_os_version', 'Metric containing the major.minor part of the OS version.'),
  ...['id', 'id_like', 'name'],
)
const supportEnd = family(
  gauge('node_os_support_end_timestamp_seconds', 'Metric containing the end-of-life date timestamp of the OS.'),
)

/** In the order in which they count. */
const FILES = ['etc/os-release', 'usr/lib/os-release']

/** What the distribution says of itself. Source: os-release(5). */
export const os = defineCollector({
  name: 'os',
  defaultEnabled: true,
  flags: {},
  families: [info, version, supportEnd],
  create(_flags, { rootfs }) {
    const root = new HostRoot(rootfs)
    let known: { bytes: Buffer; release: OsRelease } | undefined
    const read = (): OsRelease => {
      const name = FILES.find(file => root.exists(file))
      if (name === undefined) throw new NoData('there is no os-release')
      const bytes = root.read(name)
      if (!known?.bytes.equals(bytes))
        known = { bytes: Buffer.from(bytes), release: parseOsRelease(bytes.toString('utf8'), name) }
      return known.release
    }
    return {
      collect(samples) {
        writeOsRelease(samples, read())
      },
      close: () => root.close(),
    }
  },
})

function writeOsRelease(samples: Samples, release: OsRelease): void {
  const { labels } = release
  samples.emit(info, 1, ...LABELS.map(label => labels.get(label) ?? ''))
  const names = ['id', 'id_like', 'name'].map(label => labels.get(label) ?? '')
  if (release.version > 0) samples.emit(version, release.version, ...names)
  if (release.supportEndSeconds !== undefined) samples.emit(supportEnd, release.supportEndSeconds)
}

export interface OsRelease {
  /** By the names that they have as labels. */
  readonly labels: ReadonlyMap<string, string>
  /** `12.5` of `12.5.1`; 0 when VERSION_ID does not begin with a number. */
  readonly version: number
  readonly supportEndSeconds?: number
}

/** Throws ParseError, which names the line or the field. */
export function parseOsRelease(text: string, file: string): OsRelease {
  const variables = parseEnvironment(text, file)
  const labels = new Map(LABELS.map(label => [label, variables.get(label.toUpperCase()) ?? '']))
  const number = /^\d+\.?\d*/.exec(labels.get('version_id') ?? '')?.[0] ?? '0'
  const end = variables.get('SUPPORT_END') ?? ''
  if (end === '') return { labels, version: Number(number) }
  const endMs = /^\d{4}-\d\d-\d\d$/.test(end) ? Date.parse(`${end}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(endMs)) throw new ParseError(file, 'SUPPORT_END', end)
  return { labels, version: Number(number), supportEndSeconds: endMs / 1000 }
}
