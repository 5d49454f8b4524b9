import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { buddyinfo, parseBuddyinfo } from './buddyinfo.ts'

test('writes free blocks by node, zone and order', async () => {
  const { samples } = await collectorOn(buddyinfo, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_buddyinfo_blocks{node="0",size="0",zone="DMA"}': 1,
    'node_buddyinfo_blocks{node="1",size="10",zone="Normal"}': 21,
  })
  expect(Object.keys(samples)).toHaveLength(33)
})

test.each(['Node 0\n', 'Node 0, zone DMA 1 x\n', 'Node 0, zone A 1 2\nNode 0, zone B 1\n'])('refuses %j', text => {
  expect(() => parseBuddyinfo(text)).toThrow('buddyinfo: ')
})
