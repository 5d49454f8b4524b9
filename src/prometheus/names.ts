/** How names that older Prometheus versions don't take are written: the `escaping` parameter of content negotiation. */
export const ESCAPINGS = ['allow-utf-8', 'underscores', 'dots', 'values'] as const
export type Escaping = (typeof ESCAPINGS)[number]

/** True for names that need no quotes and no escaping in any version. */
export function isLegacyName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
}
/** The same for labels, which have no colon. */
export function isLegacyLabel(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
}

/** Metrics may have colons, labels not. */
function isLegacyChar(char: string, first: boolean, colons: boolean): boolean {
  if (char === ':') return colons
  return (first ? /[a-zA-Z_]/ : /[a-zA-Z0-9_]/).test(char)
}

/**
 * A name as the scheme writes it; legacy names stay as they are in all of them.
 * Source: https://prometheus.io/docs/instrumenting/escaping_schemes/
 */
export function escapeName(name: string, escaping: Escaping): string {
  return isLegacyName(name) ? name : escapeChars(name, escaping, true)
}
/** The same for the name of a label. */
export function escapeLabelName(name: string, escaping: Escaping): string {
  return isLegacyLabel(name) ? name : escapeChars(name, escaping, false)
}

function escapeChars(name: string, escaping: Escaping, colons: boolean): string {
  if (escaping === 'allow-utf-8' || name === '') return name
  let out = escaping === 'values' ? 'U__' : ''
  let first = true
  for (const char of name) {
    out += escapeChar(char, isLegacyChar(char, first, colons), escaping)
    first = false
  }
  return out
}

function escapeChar(char: string, isLegacy: boolean, escaping: Escaping): string {
  if (escaping === 'underscores') return isLegacy ? char : '_'
  if (char === '_') return '__'
  if (escaping === 'dots' && char === '.') return '_dot_'
  if (isLegacy) return char
  if (escaping === 'dots') return '__'
  const code = char.codePointAt(0) as number
  return code >= 0xd800 && code < 0xe000 ? '_FFFD_' : `_${code.toString(16)}_`
}

/** Order of UTF-8 bytes, which is that of code points; `<` on strings compares UTF-16 units. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return surrogateLast(x) - surrogateLast(y)
  }
  return a.length - b.length
}
const surrogateLast = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)
