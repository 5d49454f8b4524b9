import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { udpQueues } from './udp_queues.ts'

test('sums up what waits in the sockets of each protocol', async () => {
  expect((await collectorOn(udpQueues, recordedHost).collect()).samples).toEqual({
    'node_udp_queues{ip="v4",queue="tx"}': 0x16,
    'node_udp_queues{ip="v4",queue="rx"}': 0xc3d2,
    'node_udp_queues{ip="v6",queue="tx"}': 4,
    'node_udp_queues{ip="v6",queue="rx"}': 8,
  })
})

test('takes the protocol that is there; with neither there is no data', async () => {
  const host = hostCopy()
  host.remove('proc/net/udp6')
  const collector = collectorOn(udpQueues, host.folder)
  expect(Object.keys((await collector.collect()).samples)).toHaveLength(2)
  host.remove('proc/net/udp')
  await collector.collect()
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})

test('a line without queues fails the collector', async () => {
  const host = hostCopy()
  host.write('proc/net/udp', 'heading\n 0: 0:1 0:2 07 zz:0\n')
  expect(await collectorOn(udpQueues, host.folder).collect()).toEqual({ ok: false, samples: {} })
})
