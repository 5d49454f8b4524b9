import type { Descriptor } from '../telemetry/metrics/descriptor.ts'

/** How OpenTelemetry names become Prometheus names. Source: the OpenTelemetry specification, Prometheus and OpenMetrics compatibility. */
export const TRANSLATION_STRATEGIES = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
] as const
export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number]

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
}
const PER_UNITS: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

const own = (map: Readonly<Record<string, string>>, key: string): string => (Object.hasOwn(map, key) ? map[key] : key)

/** `By/s` → `['bytes', 'per_second']`; what stands in braces is no unit. */
function unitWords(unit: string): [string, string] {
  const slash = unit.indexOf('/')
  const main = (slash < 0 ? unit : unit.slice(0, slash)).trim()
  const per = slash < 0 ? '' : unit.slice(slash + 1).trim()
  const word = (text: string, map: Readonly<Record<string, string>>): string =>
    text === '' || /[{}]/.test(text) ? '' : own(map, text)
  const perWord = word(per, PER_UNITS)
  return [word(main, UNITS), perWord === '' ? '' : `per_${perWord}`]
}

const legacyUnit = (word: string): string => word.replace(/[^a-zA-Z0-9:]+/gu, '_').replace(/^_/, '')

/** The unit as a Prometheus name ends with it, for UNIT metadata: `By/s` → `bytes_per_second`. */
export function translateUnit(unit: string, strategy: TranslationStrategy): string {
  const words = unitWords(unit)
  const clean = escapes(strategy) ? words.map(legacyUnit) : words
  return clean
    .filter(word => word !== '')
    .join('_')
    .replace(/^_|_$/g, '')
}

const escapes = (strategy: TranslationStrategy): boolean => strategy.startsWith('Underscore')
const addsSuffixes = (strategy: TranslationStrategy): boolean => strategy.endsWith('WithSuffixes')

type Named = Pick<Descriptor, 'name' | 'unit' | 'kind' | 'monotonic'>

/** The Prometheus name of a metric; `undefined` when nothing of the name is left. Names that are final are not for this. */
export function translateName(metric: Named, namespace: string, strategy: TranslationStrategy): string | undefined {
  if (!escapes(strategy)) return utf8Name(metric, namespace, addsSuffixes(strategy)) || undefined
  const name = addsSuffixes(strategy) ? nameOfTokens(metric, namespace) : legacyName(metric.name, namespace)
  return name === '' || (name !== metric.name && /^_+$/.test(name)) ? undefined : name
}

/** Tokens joined by one underscore each: unit, then `_total` or `_ratio`; none of them twice. */
function nameOfTokens({ name, unit, kind, monotonic }: Named, namespace: string): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/u).filter(token => token !== '')
  const [mainUnit, perUnit] = unitWords(unit).map(legacyUnit)
  const per = perUnit === 'per_' ? '' : perUnit.replace(/_$/, '')
  const addsPer = per !== '' && !tokens.includes(per)
  const main = addsPer ? mainUnit.replace(/_$/, '') : mainUnit
  if (main !== '' && !tokens.includes(mainUnit)) tokens.push(main)
  if (addsPer) tokens.push(per)
  if (kind === 'sum' && monotonic) tokens = [...tokens.filter(token => token !== 'total'), 'total']
  if (kind === 'gauge' && unit === '1') tokens = [...tokens.filter(token => token !== 'ratio'), 'ratio']
  if (namespace !== '') tokens.unshift(namespace)
  const joined = tokens.join('_')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

function legacyName(name: string, namespace: string): string {
  const clean = (text: string): string =>
    text
      .split(/[^a-zA-Z0-9:_]+/u)
      .filter(part => part !== '')
      .join('_')
  const own = clean(name)
  if (namespace !== '') return `${clean(namespace)}_${own}`
  return /^[0-9]/.test(own) ? `_${own}` : own
}

function utf8Name({ name, unit, kind, monotonic }: Named, namespace: string, suffixes: boolean): string {
  let out = namespace === '' ? name : `${namespace}_${name}`
  if (!suffixes) return out
  const ratio = unit === '1' && kind === 'gauge'
  const total = kind === 'sum' && monotonic
  if (ratio) out = withoutSuffix(out, 'ratio')
  if (total) out = withoutSuffix(out, 'total')
  const [main, per] = unitWords(unit)
  if (per !== '') out = withoutSuffix(out, per)
  if (main !== '' && !out.endsWith(main)) out += `_${main}`
  if (per !== '') out += `_${per}`
  if (total) out += '_total'
  return ratio ? `${out}_ratio` : out
}

/** Takes off the suffix and the one character before it, whatever that is. */
const withoutSuffix = (name: string, suffix: string): string =>
  name.endsWith(suffix) && name.length > suffix.length + 1 ? name.slice(0, -suffix.length - 1) : name

/** The label name of an attribute; `undefined` when it can't have one. */
export function translateLabel(name: string, strategy: TranslationStrategy): string | undefined {
  if (/^_*$/.test(name)) return undefined
  if (!escapes(strategy)) return name
  const reserved = name.length >= 4 && name.startsWith('__') && name.endsWith('__')
  const collapsed = (reserved ? name.slice(2, -2) : name).replace(/[^a-zA-Z0-9]+/gu, '_')
  const label = reserved ? `__${collapsed}__` : collapsed
  if (/^_*$/.test(label)) return undefined
  return /^[0-9]/.test(label) ? `key_${label}` : label
}
