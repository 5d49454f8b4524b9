import { expect, test } from 'vitest'
import { goDuration } from './server_status.ts'

test.each([
  [0, '0s'],
  [250, '250ms'],
  [1000, '1s'],
  [12_560, '12.56s'],
  [60_000, '1m0s'],
  [4_225_250, '1h10m25.25s'],
  [90_000_000, '25h0m0s'],
])('%i ms are written as %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text)
})
