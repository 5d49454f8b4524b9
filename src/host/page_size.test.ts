import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { pageSizeBytes } from './page_size.ts'

test('is what getconf(1) says', () => {
  expect(pageSizeBytes()).toBe(Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })))
})

test('is the usual one where the kernel does not tell', () => {
  expect(pageSizeBytes(Buffer.alloc(0))).toBe(4096)
})
