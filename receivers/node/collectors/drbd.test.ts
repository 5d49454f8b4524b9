import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { drbd } from './drbd.ts'

test('writes numbers, roles, states and the connection of each device', async () => {
  const { samples } = await collectorOn(drbd, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_drbd_network_sent_bytes_total{device="drbd0"}': 17324442 * 1024,
    'node_drbd_network_received_bytes_total{device="drbd0"}': 10961,
    'node_drbd_node_role_is_primary{device="drbd0",node="remote"}': 1,
    'node_drbd_disk_state_is_up_to_date{device="drbd2",node="remote"}': 0,
    'node_drbd_connected{device="drbd2"}': 0,
  })
  expect(Object.keys(samples)).toHaveLength(2 * 17)
})

test('without the module there is no data, and a value that is no number fails the collector', async () => {
  const host = hostCopy()
  host.write('proc/drbd', ' 0: ns:x\n')
  expect((await collectorOn(drbd, host.folder).collect()).ok).toBe(false)
  host.remove('proc/drbd')
  const collector = collectorOn(drbd, host.folder)
  await collector.collect()
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})
