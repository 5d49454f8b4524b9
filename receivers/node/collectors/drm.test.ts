import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { drm } from './drm.ts'

test('writes the cards of AMD, with 0 for what they lack', async () => {
  const { ok, samples } = await collectorOn(drm, recordedHost).collect()
  expect([ok, Object.keys(samples).length]).toEqual([true, 16])
  expect(samples).toMatchObject({
    'node_drm_gpu_busy_percent{card="card0"}': 4,
    'node_drm_card_info{card="card0",memory_vendor="samsung",power_performance_level="manual",unique_id="0123456789abcdef",vendor="amd"}': 1,
    'node_drm_memory_vram_size_bytes{card="card2"}': 1073741824,
    'node_drm_memory_vram_used_bytes{card="card2"}': 0,
  })
})

test('a card without a driver fails the collector', async () => {
  const host = hostCopy()
  host.remove('sys/class/drm/card1/device/uevent')
  expect(await collectorOn(drm, host.folder).collect()).toEqual({ ok: false, samples: {} })
})
