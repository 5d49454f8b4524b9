import { expect, test } from 'vitest'
import { ByteMap } from './byte_map.ts'

const at = <T>(map: ByteMap<T>, text: string, make: () => T) => {
  const bytes = Buffer.from(`..${text}..`)
  return map.get(bytes, 2, 2 + Buffer.byteLength(text), make)
}

test('finds by the bytes what was made for them, also among equal hashes', () => {
  const map = new ByteMap<string>()
  // Two texts with the same 32-bit FNV-1a.
  for (const name of ['costarring', 'liquid', 'declinate', 'macallums', 'vda', 'vda1', '']) {
    expect(at(map, name, () => `made ${name}`)).toBe(`made ${name}`)
  }
  expect(at(map, 'liquid', () => 'again')).toBe('made liquid')
  expect(at(map, 'costarring', () => 'again')).toBe('made costarring')
})

test('forgets everything past its limit', () => {
  const map = new ByteMap<number>(2)
  expect(['a', 'b', 'a', 'c', 'a'].map((name, i) => at(map, name, () => i))).toEqual([0, 1, 0, 3, 4])
})
