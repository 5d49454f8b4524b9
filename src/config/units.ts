const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}
const DURATION = /^(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h|d|w|y)/

/** What a duration looks like, as a JSON Schema pattern. */
export const durationPattern = '^(0|((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|ms|s|m|h|d|w|y))+)$'

/**
 * `1m30s` → 90000 (milliseconds); undefined when it is not a duration of zero or more.
 * Go's time.ParseDuration without signs, and Prometheus' `d`, `w` and `y`.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  let ms = 0
  let rest = text
  while (rest !== '') {
    const part = DURATION.exec(rest)?.[0]
    if (!part) return undefined
    const value = Number.parseFloat(part)
    ms += value * UNIT_MS[part.replace(/^[\d.]+/, '')]
    rest = rest.slice(part.length)
  }
  return text === '' || !Number.isFinite(ms) ? undefined : Math.round(ms * 1e6) / 1e6
}

/** 90000 → `1m30s`; what `parseDuration` reads back. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms % 1000 !== 0) return ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`
  const parts: string[] = []
  let rest = ms
  for (const unit of ['h', 'm', 's']) {
    const count = Math.floor(rest / UNIT_MS[unit])
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * UNIT_MS[unit]
  }
  return parts.join('')
}

const UNIT_BYTES: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** What a size looks like, as a JSON Schema pattern. */
export const bytesPattern = '^\\d+(\\.\\d+)? ?([kKmMgGtT]?[iI]?[bB])?$'

/** `10MiB` → 10485760, `5MB` → 5000000, `512` → 512; undefined when it is not a size in whole bytes. */
export function parseBytes(text: string): number | undefined {
  const [, value, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? []
  const factor = UNIT_BYTES[unit?.toLowerCase()]
  if (factor === undefined) return undefined
  const sizeBytes = Math.round(Number(value) * factor)
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined
}

/** 10485760 → `10MiB`, 5000000 → `5MB`, 1234 → `1234B`; what `parseBytes` reads back. */
export function formatBytes(sizeBytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB', 'TB', 'GB', 'MB', 'kB']) {
    const factor = UNIT_BYTES[unit.toLowerCase()]
    if (sizeBytes >= factor && sizeBytes % factor === 0) return `${sizeBytes / factor}${unit}`
  }
  return `${sizeBytes}B`
}

/** An address to listen on or to connect to. An empty host means every address of the machine. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** `localhost:4317`, `[::1]:4317`, `:4317` → host (without brackets) and port; undefined when it is neither of these. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([\da-fA-F:.%\w]*)\]|([^\s:/[\]@]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535) return undefined
  return { host: bracketed ?? plain ?? '', port }
}
