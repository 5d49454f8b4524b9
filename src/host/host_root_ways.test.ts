import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HostRoot } from './host_root.ts'

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'millrace-root-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  const root = new HostRoot(path)
  onTestFinished(() => root.close())
  return { root, write: (name: string, text: string) => writeFileSync(join(path, name), text) }
}

test('finds a file, and tells one that is not there from one that may not be read', () => {
  const { root, write } = folder()
  write('here', 'a')
  expect(root.find('here')?.toString()).toBe('a')
  expect(root.find('gone')).toBeUndefined()
  expect(() => root.find('.')).toThrow('EISDIR')
})

test('reads one number, and refuses a file with something else', () => {
  const { root, write } = folder()
  write('n', '4194304\n')
  write('text', '12 13\n')
  expect(root.number('n')).toBe(4194304)
  expect(() => root.number('text')).toThrow('text: number: unexpected "12 13"')
  expect(() => root.number('gone')).toThrow('ENOENT')
})

test('reads a long file a piece a step, and gives all of it', () => {
  const { root, write } = folder()
  const text = 'x'.repeat((1 << 16) + 7)
  write('long', text)
  const steps = root.readInSteps('long')
  let count = 0
  for (;;) {
    const { done, value } = steps.next()
    if (done) {
      expect(value.toString()).toBe(text)
      break
    }
    count++
  }
  expect(count).toBe(3)
})

test('a file of a process is not kept open', () => {
  const root = new HostRoot('/proc')
  onTestFinished(() => root.close())
  const open = () => root.list('self/fd').length
  const before = open()
  expect(root.readOnce('self/stat').length).toBeGreaterThan(0)
  expect(open()).toBe(before)
  root.read('self/stat')
  expect(open()).toBe(before + 1)
})
