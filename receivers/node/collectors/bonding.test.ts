import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { bonding, parseNames } from './bonding.ts'

test('counts the links of each bond, and those that are up, by the names of old kernels too', async () => {
  const { ok, samples } = await collectorOn(bonding, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    'node_bonding_slaves{master="bond0"}': 0,
    'node_bonding_slaves{master="dmz"}': 2,
    'node_bonding_active{master="dmz"}': 2,
    'node_bonding_active{master="int"}': 1,
  })
  expect(Object.keys(samples)).toHaveLength(6)
})

test('a link without a state fails the collector, and nothing is written', async () => {
  const host = hostCopy()
  host.remove('sys/class/net/int/lower_eth1')
  expect(await collectorOn(bonding, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('names are apart by blanks', () => {
  expect([parseNames(Buffer.from('bond0 bond1\n')), parseNames(undefined)]).toEqual([['bond0', 'bond1'], undefined])
})
