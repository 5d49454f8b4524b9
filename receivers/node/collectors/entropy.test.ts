import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { entropy } from './entropy.ts'

test('writes available bits and the size of the pool', async () => {
  expect((await collectorOn(entropy, recordedHost).collect()).samples).toEqual({
    node_entropy_available_bits: 1337,
    node_entropy_pool_size_bits: 4096,
  })
})

test('a file that is not there fails the collector, what was read before it counts', async () => {
  const host = hostCopy()
  host.remove('proc/sys/kernel/random/poolsize')
  expect(await collectorOn(entropy, host.folder).collect()).toEqual({
    ok: false,
    samples: { node_entropy_available_bits: 1337 },
  })
})
