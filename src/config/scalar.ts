export type Scalar = string | number | boolean | null

const INT = /^[-+]?(0|[1-9][\d_]*)$/
const PREFIXED_INT = /^([-+]?)0([xob])([\da-f_]+)$/i
const OLD_OCTAL = /^([-+]?)0([0-7_]+)$/
const FLOAT = /^[-+]?(\.\d[\d_]*|\d[\d_]*(\.[\d_]*)?)(e[-+]?\d+)?$/i
const RADIX: Record<string, number> = { x: 16, o: 8, b: 2 }

/**
 * What a scalar without quotes stands for, as the Collector's YAML library (go-yaml v3) reads it: `100_000` is a number,
 * `0644` is octal, `yes` is text. A whole number that a JavaScript number can't hold stays text.
 */
export function plainScalar(source: string): Scalar {
  switch (source) {
    case '':
    case '~':
    case 'null':
    case 'Null':
    case 'NULL':
      return null
    case 'true':
    case 'True':
    case 'TRUE':
      return true
    case 'false':
    case 'False':
    case 'FALSE':
      return false
  }
  return plainNumber(source) ?? source
}

function plainNumber(source: string): number | undefined {
  if (INT.test(source)) return whole(Number(source.replaceAll('_', '')))
  const prefixed = PREFIXED_INT.exec(source)
  if (prefixed) return radix(prefixed[3], RADIX[prefixed[2].toLowerCase()], prefixed[1])
  const octal = OLD_OCTAL.exec(source)
  if (octal) return radix(octal[2], 8, octal[1])
  if (FLOAT.test(source)) return Number(source.replaceAll('_', ''))
  if (/^[-+]?\.inf$/i.test(source)) return source.startsWith('-') ? -Infinity : Infinity
  return /^\.nan$/i.test(source) ? Number.NaN : undefined
}

function radix(digits: string, base: number, sign: string): number | undefined {
  const clean = digits.replaceAll('_', '')
  const allowed = '0123456789abcdef'.slice(0, base)
  if (clean === '' || [...clean.toLowerCase()].some(digit => !allowed.includes(digit))) return undefined
  const value = Number.parseInt(clean, base)
  return whole(sign === '-' ? -value : value)
}

const whole = (value: number) => (Number.isSafeInteger(value) ? value : undefined)
