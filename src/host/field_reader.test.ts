import { expect, test } from 'vitest'
import { FieldReader } from './field_reader.ts'
import { ParseError } from './parse_error.ts'

const reader = (text: string) => new FieldReader('stat', Buffer.from(text))

test('reads fields apart by any blanks, line by line, and skips lines with nothing on them', () => {
  const fields: string[][] = []
  const r = reader('  cpu0\t 1  2\n\n   \nintr 3\nlast 4')
  while (r.nextLine()) {
    const line: string[] = []
    while (r.next()) line.push(r.text)
    fields.push(line)
  }
  expect(fields).toEqual([
    ['cpu0', '1', '2'],
    ['intr', '3'],
    ['last', '4'],
  ])
})

test.each([
  ['0', 0],
  ['9007199254740991', 9007199254740991],
  ['9007199254740993', 9007199254740992],
  ['17610620835706149823', 17610620835706149000],
  ['18446744073709551615', 18446744073709552000],
  ['99999999999999974834176', 9.999999999999997e22],
])('reads %s as the nearest double', (text, value) => {
  const r = reader(text)
  r.nextLine()
  expect(r.number('n')).toBe(value)
})

test.each(['12x', '-1', '1.5', '+3', 'kB'])('refuses %s, naming file and field', text => {
  const r = reader(`a ${text} 7`)
  r.nextLine()
  r.next()
  expect(() => r.number('ctxt')).toThrow(new ParseError('stat', 'ctxt', text))
})

test('a field that is missing is an error for number and undefined for optionalNumber, and never one of the next line', () => {
  const r = reader('a 1\n2')
  r.nextLine()
  r.next()
  expect(r.number('first')).toBe(1)
  expect(r.optionalNumber('second')).toBeUndefined()
  expect(() => r.number('second')).toThrow('stat: second')
})

test('a field can end at a byte of choice, which is left out', () => {
  const r = reader('  eth0:123 4')
  r.nextLine()
  expect([r.next(':'.charCodeAt(0)), r.text, r.number('bytes'), r.number('packets')]).toEqual([true, 'eth0', 123, 4])
})

test('reads signed numbers, and refuses a sign that stands alone', () => {
  const r = reader('-12 7 18446744073709551615 - 3')
  r.nextLine()
  expect([r.signed('a'), r.signed('b'), r.signed('c')]).toEqual([-12, 7, 18446744073709552000])
  expect(() => r.signed('d')).toThrow('stat: d')
})

test('reads hexadecimal numbers up to 64 bits, and refuses others', () => {
  const r = reader('0000c3D0 1f:20 ffffffffffffffff xyz')
  r.nextLine()
  expect([r.hex('a'), r.hex('b', ':'.charCodeAt(0)), r.hex('c'), r.hex('d')]).toEqual([50128, 31, 32, 2 ** 64])
  expect(() => r.hex('e')).toThrow('stat: e: unexpected "xyz"')
  expect(r.hasNext).toBe(false)
  expect(() => r.hex('f')).toThrow('stat: f')
})

test('says where a line stands, without blanks before it', () => {
  const r = reader('a\n  bc d\n')
  r.nextLine()
  r.nextLine()
  expect([r.lineStart, r.lineStop]).toEqual([4, 8])
})
