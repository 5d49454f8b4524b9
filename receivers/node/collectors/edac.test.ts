import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { dimmLabel, edac } from './edac.ts'

test('writes errors of controllers, rows and channels', async () => {
  const { ok, samples } = await collectorOn(edac, recordedHost).collect()
  expect(ok).toBe(true)
  const channel = 'channel="0",controller="0",csrow="0",dimm_label="mc0_csrow0_channel0"'
  expect(samples).toMatchObject({
    'node_edac_correctable_errors_total{controller="17"}': 2 ** 64,
    'node_edac_csrow_correctable_errors_total{controller="0",csrow="unknown"}': 2,
    'node_edac_csrow_uncorrectable_errors_total{controller="0",csrow="12"}': 11,
    [`node_edac_channel_correctable_errors_total{${channel}}`]: 7,
    [`node_edac_channel_uncorrectable_errors_total{${channel}}`]: 8,
    'node_edac_channel_correctable_errors_total{channel="11",controller="0",csrow="12",dimm_label="unknown"}': 12,
  })
  expect(Object.keys(samples).filter(key => key.includes('channel_uncorrectable'))).toHaveLength(1)
})

test('a count that is missing fails the collector, with what came before written', async () => {
  const host = hostCopy()
  host.remove('sys/devices/system/edac/mc/mc17/ce_count')
  const { ok, samples } = await collectorOn(edac, host.folder).collect()
  expect([ok, samples['node_edac_correctable_errors_total{controller="0"}']]).toEqual([false, 1])
})

test('a label of the BIOS stays, one of the kernel gets underscores', () => {
  expect(['DIMM_A1', 'mc#1csrow#2channel#0', undefined].map(dimmLabel)).toEqual([
    'DIMM_A1',
    'mc1_csrow2_channel0',
    'unknown',
  ])
})
