import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatFloat } from './format_float.ts'
import { parseFloatBytes } from './parse_float.ts'

const parse = (text: string): number | undefined => {
  const bytes = Buffer.from(`x${text}x`)
  return parseFloatBytes(bytes, 1, bytes.length - 1)
}

describe('numbers of an exposition', () => {
  test('every double is read back from what is written of it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.maxSafeInteger()), value => {
        for (const text of [formatFloat(value), String(value), value.toExponential()])
          expect(parse(text)).toBe(value === 0 ? 0 : value)
      }),
      { numRuns: 2000 },
    )
  })

  const digits = fc.stringMatching(/^[0-9]{0,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{0,4})?$/)
  test('any decimal is the double that JavaScript reads, or none where that is none', () => {
    fc.assert(
      fc.property(digits, text => {
        const expected = Number(text)
        expect(parse(text)).toBe(text === '' || Number.isNaN(expected) ? undefined : expected)
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
    ['-0', -0],
    ['+1.50', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['1e+06', 1e6],
    ['9007199254740993', 9007199254740992],
  ])('%s', (text, value) => {
    expect(parse(text)).toBe(value)
  })

  test.each(['', '+', '.', 'e5', '1e', '1e+', '0x10', '1_0', '1 ', '1,5', '--1', 'infin', '1.2.3', '9'.repeat(500)])(
    '%j is none',
    text => {
      expect(parse(text)).toBeUndefined()
    },
  )
})
