import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { nvme, parseCount } from './nvme.ts'

test('writes controllers and their namespaces, and no other entries', async () => {
  const { ok, samples } = await collectorOn(nvme, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    'node_nvme_info{cntlid="1997",device="nvme0",firmware_revision="1B2QEXP7",model="Mill SSD 970 PRO 512GB",serial="S680HF8N190894I",state="live"}': 1,
    'node_nvme_namespace_info{ana_state="unknown",device="nvme0",nsid="2"}': 1,
    'node_nvme_namespace_used_bytes{device="nvme0",nsid="2"}': 250_000_000_000,
    'node_nvme_namespace_size_bytes{device="nvme0",nsid="2"}': 2_000_000_000_000,
    'node_nvme_namespace_used_bytes{device="nvme0",nsid="13"}': 0,
    'node_nvme_namespace_logical_block_size_bytes{device="nvme0",nsid="13"}': 4097,
  })
  expect(Object.keys(samples)).toHaveLength(12)
})

test('an attribute that is missing fails the collector, and nothing is written', async () => {
  const host = hostCopy()
  host.remove('sys/class/nvme/nvme11/cntlid')
  expect(await collectorOn(nvme, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('a count that is no number is 0', () => expect(['', '-1', '17'].map(parseCount)).toEqual([0, 0, 17]))
