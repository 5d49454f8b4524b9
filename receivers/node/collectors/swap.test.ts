import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseSwaps, swap } from './swap.ts'

test('writes size and use in bytes, and priorities below 0', async () => {
  const { samples } = await collectorOn(swap, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_swap_size_bytes{device="/dev/zram0",swap_type="partition"}': 1048572 * 1024,
    'node_swap_used_bytes{device="/dev/dm-2",swap_type="partition"}': 76 * 1024,
    'node_swap_priority{device="/srv/swap\\\\040file",swap_type="file"}': -3,
  })
  expect(Object.keys(samples)).toHaveLength(9)
})

test.each(['h\n/dev/a partition 1 2\n', 'h\n/dev/a partition x 2 3\n'])('refuses %j', text => {
  expect(() => parseSwaps(Buffer.from(text))).toThrow('swaps: /dev/a')
})
