import { expect, test } from 'vitest'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseSlabinfo, slabinfo } from './slabinfo.ts'

test('writes five columns of each slab, and takes and leaves slabs by pattern', async () => {
  const { samples } = await collectorOn(slabinfo, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_slabinfo_active_objects{slab="tw_sock_TCP"}': 704,
    'node_slabinfo_pages_per_slab{slab="kmem_cache"}': 7,
  })
  expect(Object.keys(samples)).toHaveLength(20)
  const flags = { slabs_include: '^k', slabs_exclude: 'cache' }
  const chosen = await collectorOn(slabinfo, recordedHost, flags).collect()
  expect(Object.keys(chosen.samples)).toHaveLength(5)
})

test.each(['a 1 2 3 4\n', 'a 1 2 3 4 x\n', 'a 1 2 3 4 5 : tunables\n'])('refuses %j', text => {
  expect(() => [...parseSlabinfo(Buffer.from(text), new ByteMap())]).toThrow('slabinfo: a')
})
