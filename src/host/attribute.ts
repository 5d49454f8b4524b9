import type { HostRoot } from './host_root.ts'
import { ParseError } from './parse_error.ts'

/** What of an attribute counts: long ones (aliases, symbolic names) end here in node_exporter's labels too. */
const ATTRIBUTE_BYTES = 128

/** Error codes of an attribute that is not there. */
export const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR'])
/** Error codes of one that this device does not have, does not tell now, or does not tell us. */
export const WITHHELD: ReadonlySet<string> = new Set([...MISSING, 'EACCES', 'EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL'])

/** The text of a file of sysfs, without blanks around it. Throws what open(2) or read(2) said. */
export function readAttribute(sys: HostRoot, path: string): string {
  // A run of bytes that are not UTF-8 is one replacement character, as in Go.
  const text = sys.read(path).subarray(0, ATTRIBUTE_BYTES).toString('utf8').trim()
  return text.includes('\uFFFD') ? text.replace(/\uFFFD+/g, '\uFFFD') : text
}

/** As `readAttribute`; undefined when the error is one of `withheld`. */
export function tryAttribute(sys: HostRoot, path: string, withheld = MISSING): string | undefined {
  if (!sys.has(path)) return undefined
  try {
    return readAttribute(sys, path)
  } catch (error) {
    if (withheld.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** `readAttribute` as a signed integer: decimal, or `0x…` and `0…` as in C. Throws ParseError too. */
export function readInteger(sys: HostRoot, path: string): number {
  return parseInteger(readAttribute(sys, path), path)
}

/** As `readInteger`; undefined when the error is one of `withheld`. */
export function tryInteger(sys: HostRoot, path: string, withheld = MISSING): number | undefined {
  const text = tryAttribute(sys, path, withheld)
  return text === undefined ? undefined : parseInteger(text, path)
}

/** `-12`, `0x1003`, `017` → a number, the nearest double when it is large. `path` names the file in the ParseError. */
export function parseInteger(text: string, path: string): number {
  const [, sign, digits] = /^([+-]?)(\d+|0x[\da-f]+)$/i.exec(text) ?? []
  if (digits === undefined) throw new ParseError(path, 'number', text)
  if (/^0\d/.test(digits)) {
    if (/[89]/.test(digits)) throw new ParseError(path, 'number', text)
    return signed(sign, Number(`0o${digits.slice(1)}`))
  }
  return signed(sign, Number(digits))
}

/** Zero has no sign. */
const signed = (sign: string, value: number) => (sign === '-' ? 0 - value : value)
