import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { appendInt, appendOpenMetricsFloat, formatFloat } from './format_float.ts'

/** Go's strconv.FormatFloat(value, 'g', -1, 64) from JavaScript's shortest digits: another way than the code's. */
function goText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return '0'
  const [mantissa, exponent] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 21 && power < 6)
    return value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, '').length - 1 - power))
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

describe('numbers of the text format', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [-1, '-1'],
    [999_999, '999999'],
    [1_000_000, '1e+06'],
    [1_234_567, '1.234567e+06'],
    [25_213_272_064, '2.5213272064e+10'],
    [12_345.67, '12345.67'],
    [999_999.5, '999999.5'],
    [1_700_000_000.123, '1.700000000123e+09'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [0.000123, '0.000123'],
    [0.1 + 0.2, '0.30000000000000004'],
    [2 ** 53, '9.007199254740992e+15'],
    [1e21, '1e+21'],
    [1e100, '1e+100'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('%d is written as Go writes it: %s', (value, text) => {
    expect(formatFloat(value)).toBe(text)
  })

  const decimals = fc.tuple(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), fc.integer({ min: 0, max: 12 }))
  test('every double has the digits and the layout that Go gives it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double(),
          fc.maxSafeInteger(),
          decimals.map(([n, scale]) => n / 10 ** scale),
        ),
        value => {
          expect(formatFloat(value)).toBe(goText(value))
        },
      ),
      { numRuns: 3000 },
    )
  })
})

const written = (append: (out: Uint8Array, at: number, value: number) => number, value: number): string => {
  const out = Buffer.alloc(40)
  return out.toString('latin1', 3, append(out, 3, value))
}

test.each([
  [0, '0.0'],
  [5, '5.0'],
  [-17, '-17.0'],
  [1e6, '1e+06'],
  [0.5, '0.5'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf'],
])('OpenMetrics has %d with a point or an exponent: %s', (value, text) => {
  expect(written(appendOpenMetricsFloat, value)).toBe(text)
})

test('whole numbers up to 2^53 are written digit by digit', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), n => {
      expect(written(appendInt, n)).toBe(String(n))
    }),
  )
})
