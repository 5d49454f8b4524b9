import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseZoneinfo, zoneinfo } from './zoneinfo.ts'

test('writes the fields of each zone; those of a node are in its first zone', async () => {
  const { samples } = await collectorOn(zoneinfo, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_zoneinfo_protection_1{node="0",zone="DMA"}': 2877,
    'node_zoneinfo_nr_dirtied_total{node="0",zone="DMA"}': expect.any(Number),
    'node_zoneinfo_min_pages{node="1",zone="Normal"}': expect.any(Number),
  })
  expect(samples).not.toHaveProperty(['node_zoneinfo_nr_dirtied_total{node="0",zone="DMA32"}'])
})

test('fields of CPUs and unknown ones are left out', () => {
  const [zone] = parseZoneinfo('Node 0, zone DMA\n  min 4\n  pagesets\n    cpu: 0\n      high: 7\n  novelty 8\n')
  expect([...zone.fields]).toEqual([['min', 4]])
})
