import { randomBytes } from 'node:crypto'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DecompressError, decompress, type Encoding, TooLargeError } from './decompress.ts'

const COMPRESS = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync }
const encodings = Object.keys(COMPRESS) as Encoding[]
const LIMIT = 10 * 2 ** 20
const sizes = [0, 1, 200, 70_000, 600_000, 3_000_000]

describe.each(encodings)('%s', encoding => {
  const compress = (bytes: Uint8Array) => COMPRESS[encoding](bytes)

  test.each(sizes)('of %i bytes gives them back in an ArrayBuffer of their own', async size => {
    const bytes = randomBytes(size)
    const found = await decompress(compress(bytes), encoding, LIMIT)
    expect(Buffer.compare(found, bytes)).toBe(0)
    expect(found.buffer.byteLength).toBe(size)
  })

  test.each([1000, 5_000_000])('of %i bytes over the limit is refused', async size => {
    await expect(async () => decompress(compress(Buffer.alloc(size)), encoding, size - 1)).rejects.toThrow(
      TooLargeError,
    )
    expect((await decompress(compress(Buffer.alloc(size)), encoding, size)).length).toBe(size)
  })

  test('that is cut off, garbage or empty is refused', async () => {
    const whole = compress(randomBytes(5000))
    for (const broken of [whole.subarray(0, 3000), randomBytes(500), new Uint8Array()])
      await expect(async () => decompress(broken, encoding, LIMIT)).rejects.toThrow(DecompressError)
  })
})

test.each(['gzip', 'zstd'] as const)('several %s members one after another are one body', async encoding => {
  const parts = [randomBytes(3000), randomBytes(10)]
  const found = await decompress(Buffer.concat(parts.map(part => COMPRESS[encoding](part))), encoding, LIMIT)
  expect(Buffer.compare(found, Buffer.concat(parts))).toBe(0)
})

test('a size that a body only claims is not believed', async () => {
  const bytes = gzipSync(Buffer.alloc(1000))
  bytes.writeUInt32LE(20, bytes.length - 4)
  await expect(async () => decompress(bytes, 'gzip', LIMIT)).rejects.toThrow(DecompressError)
})
