import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SnappyError, snappyCompress, snappyDecompress } from './snappy.ts'
import { framedSnappyCompress, framedSnappyDecompress } from './snappy_frames.ts'

/** Somebody else's Snappy, which judges our blocks; its form for ES modules is for browsers. */
const judge: Record<'compress_raw' | 'decompress_raw', (bytes: Uint8Array) => Uint8Array> = createRequire(
  import.meta.url,
)('snappy-wasm')
const traces = (name: string) => readFileSync(join(import.meta.dirname, '../../test/otlp_wire/testdata', name))
const real = traces('real_traces.bin')
const equal = (a: Uint8Array, b: Uint8Array): void => {
  expect(Buffer.compare(a, b)).toBe(0)
}

const LIMIT = 2 ** 24
const SAMPLES: [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['a byte', Uint8Array.of(7)],
  ['a run', new Uint8Array(1_000_000).fill(97)],
  ['noise', Uint8Array.from({ length: 200_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255)],
  ['spans', real],
  ['many spans', Buffer.concat([real, real, real, real])],
]
const repeating = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { minLength: 1, maxLength: 6 })
  .chain(words =>
    fc.array(fc.nat(words.length - 1), { maxLength: 400 }).map(order => Buffer.concat(order.map(i => words[i]))),
  )

describe('a block', () => {
  test.each(SAMPLES)('is read by others: %s', (_, bytes) => {
    equal(judge.decompress_raw(snappyCompress(bytes)), bytes)
  })
  test.each(SAMPLES)('is read from others: %s', (_, bytes) => {
    equal(snappyDecompress(judge.compress_raw(bytes), LIMIT), bytes)
  })
  test('is read by others, whatever repeats in it', () => {
    fc.assert(fc.property(repeating, bytes => equal(judge.decompress_raw(snappyCompress(bytes)), bytes)))
  })
})

describe('frames', () => {
  test('of golang/snappy are read', () => {
    const frames = readFileSync(join(import.meta.dirname, 'testdata/traces.sz'))
    equal(framedSnappyDecompress(frames, LIMIT), Buffer.concat(Array(7).fill(traces('small_traces.bin'))))
  })
  test.each(SAMPLES)('are read as they were written: %s', (_, bytes) => {
    equal(framedSnappyDecompress(framedSnappyCompress(bytes), LIMIT), bytes)
  })
})

describe.each([
  ['blocks', snappyCompress, snappyDecompress],
  ['frames', framedSnappyCompress, framedSnappyDecompress],
] as const)('Snappy in %s', (_, compress, decompress) => {
  test('makes spans smaller', () => {
    expect(compress(real).length).toBeLessThan(real.length * 0.6)
  })

  test('that is broken anywhere is refused or read, and nothing else happens', () => {
    const whole = compress(real.subarray(0, 3000))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
        const bytes = whole.slice(0, length)
        if (at < length) bytes[at] = byte
        try {
          expect(decompress(bytes, LIMIT).length).toBeLessThanOrEqual(LIMIT)
        } catch (error) {
          expect(error).toBeInstanceOf(SnappyError)
        }
      }),
    )
  })

  test('that claims more than is allowed is refused', () => {
    expect(() => decompress(compress(new Uint8Array(1_000_000)), 999_999)).toThrow(SnappyError)
  })
})

test('a frame whose bytes have changed is refused by its checksum', () => {
  const frames = framedSnappyCompress(Uint8Array.of(1, 2, 3))
  frames[frames.length - 1] ^= 1
  expect(() => framedSnappyDecompress(frames, 100)).toThrow('a checksum is wrong')
})
