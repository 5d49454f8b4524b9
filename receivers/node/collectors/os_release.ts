import { ParseError } from '../../../src/host/parse_error.ts'

const KEY = /^[A-Za-z_][A-Za-z0-9_./]*$/
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  r: '\r',
  n: '\n',
  t: '\t',
}

/** Assignments as a shell reads them, one a line, quotes and comments included: os-release(5). Throws ParseError. */
export function parseEnvironment(text: string, file: string): Map<string, string> {
  const variables = new Map<string, string>()
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) return
    const equals = line.indexOf('=')
    const key = line
      .slice(0, Math.max(equals, 0))
      .trim()
      .replace(/^export (?=.)/, '')
    const value = equals > 0 && KEY.test(key) ? unquote(line.slice(equals + 1).trim()) : undefined
    if (value === undefined) throw new ParseError(file, `line ${i + 1}`, line)
    variables.set(key, value)
  })
  return variables
}

/** The value without its quotes, or up to a comment; undefined when a quote or an escape does not end, or is none. */
function unquote(raw: string): string | undefined {
  let value = ''
  let quote = ''
  for (let i = 0; i < raw.length; i++) {
    const char = raw[i]
    if (char < ' ') return undefined
    if (quote === '' && char === '#') return value.trimEnd()
    if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
    else if (quote === '"' && char === '\\') {
      const hex = raw[i + 1] === 'u' ? /^[0-9a-fA-F]{4}/.exec(raw.slice(i + 2))?.[0] : undefined
      const plain = hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ESCAPES[raw[i + 1]]
      if (plain === undefined) return undefined
      value += plain
      i += hex ? 5 : 1
    } else value += char
  }
  return quote === '' ? value : undefined
}
