import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseXfrm, xfrm } from './xfrm.ts'

test('writes every counter, 0 for those that a kernel lacks', async () => {
  const { samples } = await collectorOn(xfrm, recordedHost).collect()
  expect(samples).toMatchObject({
    node_xfrm_in_error_packets_total: 7,
    node_xfrm_in_buffer_error_packets_total: 10,
    node_xfrm_out_pol_dead_packets_total: 0,
  })
  expect(Object.keys(samples)).toHaveLength(28)
})

test.each(['XfrmInError\n', 'XfrmInError 1 2\n', 'XfrmInError x\n'])('refuses %j', text => {
  expect(() => parseXfrm(Buffer.from(text))).toThrow('net/xfrm_stat: XfrmInError')
})
