import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseInteger, readAttribute, tryAttribute, tryInteger } from './attribute.ts'
import { HostRoot } from './host_root.ts'

function root(files: Record<string, string | Buffer>): HostRoot {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-attribute-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'folder'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return new HostRoot(folder)
}

test('text has no blanks around it, is UTF-8 and at most 128 bytes long', () => {
  const sys = root({ state: ' up \n', long: 'x'.repeat(200), odd: Buffer.from('a\xff\xfe\xfdb', 'latin1') })
  expect(['state', 'long', 'odd'].map(name => readAttribute(sys, name))).toEqual(['up', 'x'.repeat(128), 'a\uFFFDb'])
})

test('what is missing is undefined, and what cannot be read an error that can be withheld', () => {
  const sys = root({ empty: '' })
  expect(tryAttribute(sys, 'nothing')).toBeUndefined()
  expect(tryAttribute(sys, 'empty')).toBe('')
  expect(() => tryAttribute(sys, 'folder')).toThrow('EISDIR')
  expect(tryAttribute(sys, 'folder', new Set(['EISDIR']))).toBeUndefined()
  expect(() => tryInteger(sys, 'empty')).toThrow('empty: number')
})

test.each([
  ['0', 0],
  ['-0', 0],
  ['-12', -12],
  ['+7', 7],
  ['0x1003', 4099],
  ['017', 15],
  ['18446744073709551615', 2 ** 64],
])('%s is %d', (text, value) => {
  expect(parseInteger(text, 'flags')).toBe(value)
})

test.each(['', '1.5', '09', '0x', '12 kB', 'N/A (no PMA)'])('%j is no integer, and the error names the file', text => {
  expect(() => parseInteger(text, 'flags')).toThrow('flags: number')
})
