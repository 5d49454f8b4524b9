import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parseZoneName, rapl } from './rapl.ts'

const path = (zone: string) => `${recordedHost}/sys/class/powercap/${zone}`

test('has a family for each zone; zones of one name are numbered', async () => {
  const { ok, samples } = await collectorOn(rapl, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toEqual({
    [`node_rapl_package_joules_total{index="0",path="${path('intel-rapl:0')}"}`]: 262143.328851,
    [`node_rapl_core_joules_total{index="0",path="${path('intel-rapl:0:0')}"}`]: 118821.284256,
    [`node_rapl_dram_joules_total{index="0",path="${path('intel-rapl:0:1')}"}`]: 71821.284257,
    [`node_rapl_package_joules_total{index="1",path="${path('intel-rapl:1')}"}`]: 17610620835706.15,
    [`node_rapl_core_joules_total{index="1",path="${path('intel-rapl:1:0')}"}`]: 240422.366268,
    [`node_rapl_psys_joules_total{index="0",path="${path('intel-rapl-mmio:0')}"}`]: 92160.000001,
  })
})

test('with zone labels all are one family', async () => {
  const { samples } = await collectorOn(rapl, recordedHost, { enable_zone_label: true }).collect()
  const dram = `node_rapl_joules_total{index="0",path="${path('intel-rapl:0:1')}",rapl_zone="dram"}`
  expect([Object.keys(samples).length, samples[dram]]).toEqual([6, 71821.284257])
})

test('energy that cannot be read fails the collector', async () => {
  const host = hostCopy()
  host.remove('sys/class/powercap/intel-rapl:1:0/energy_uj')
  expect((await collectorOn(rapl, host.folder).collect()).ok).toBe(false)
})

test.each([
  ['package-3', { zone: 'package', index: 3 }],
  ['psys', { zone: 'psys', index: 2 }],
  ['package-0-die-1', { zone: 'package-0-die-1', index: 0 }],
])('%s is %j', (name, zone) => expect(parseZoneName(name, new Map([['psys', 2]]))).toEqual(zone))
