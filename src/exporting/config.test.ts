import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { chainConfigOf, chainFields } from './config.ts'

const schema = z.strictObject({ ...chainFields })
const read = (input: unknown) => chainConfigOf(schema.parse(input))
const problems = (input: unknown) =>
  schema.safeParse(input).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('the settings of the chain', () => {
  test('by default: 64 MiB, ten consumers, for ever, by bytes', () => {
    expect(read({})).toEqual({
      timeoutMs: 5000,
      queue: {
        enabled: true,
        size: 64 * 2 ** 20,
        sizer: 'bytes',
        onFull: 'reject',
        blocks: false,
        waitsForResult: false,
        consumers: 10,
      },
      batch: { flushAfterMs: 200, minSize: 2 ** 20, maxSize: 4_000_000, sizer: 'bytes' },
      retry: { enabled: true, initialMs: 5000, multiplier: 1.5, randomization: 0.5, maxMs: 30_000, maxElapsedMs: 0 },
    })
    expect(chainConfigOf({})).toEqual(read({}))
  })

  test.each([
    [{ queue_size: 5000 }, { size: 5000, sizer: 'requests' }],
    [{ queue_size: '5000' }, { size: 5000, sizer: 'requests' }],
    [{ queue_size: '16MiB' }, { size: 2 ** 24, sizer: 'bytes' }],
    [
      { queue_size: 5000, sizer: 'bytes' },
      { size: 5000, sizer: 'bytes' },
    ],
    [
      { queue_size: 20_000, sizer: 'items' },
      { size: 20_000, sizer: 'items' },
    ],
    [{ sizer: 'requests' }, { size: 1000, sizer: 'requests' }],
    [{ sizer: 'items' }, { size: 1_000_000, sizer: 'items' }],
    [{ enabled: false }, { size: Number.POSITIVE_INFINITY, waitsForResult: true }],
  ])('the queue %o holds %o', (sending_queue, expected) => {
    expect(read({ sending_queue }).queue).toMatchObject(expected)
  })

  test.each([
    [{ batch: {} }, { flushAfterMs: 200, minSize: 8192, maxSize: Number.POSITIVE_INFINITY, sizer: 'items' }],
    [{ batch: { max_size: 10_000 } }, { maxSize: 10_000 }],
    [
      { sizer: 'bytes', batch: { min_size: '1MiB' } },
      { minSize: 2 ** 20, sizer: 'bytes' },
    ],
    [{ sizer: 'bytes', batch: { sizer: 'items' } }, { sizer: 'items' }],
  ] as const)('batches of %o are %o', (sending_queue, expected) => {
    expect(read({ sending_queue }).batch).toMatchObject(expected)
  })

  test('batching can be turned off, and is off without a queue', () => {
    expect(read({ sending_queue: { batch: { enabled: false } } }).batch).toBeUndefined()
    expect(read({ sending_queue: { enabled: false } }).batch).toBeUndefined()
  })

  test.each([
    [{ queue_size: '1MiB', sizer: 'items' }, /^sending_queue.queue_size: an amount of bytes, but sizer is items/],
    [{ queue_size: 0 }, /^sending_queue.queue_size: not a size/],
    [{ block_on_overflow: true, on_full: 'drop_new' }, /^sending_queue.block_on_overflow: has no meaning/],
    [{ batch: { min_size: 10, max_size: 5 } }, /^sending_queue.batch.max_size: must not be smaller than min_size/],
  ])('%o is refused', (sending_queue, message) => {
    expect(problems({ sending_queue })).toEqual([expect.stringMatching(message)])
  })
})
