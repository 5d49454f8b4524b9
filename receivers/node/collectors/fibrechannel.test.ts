import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { fibrechannel, label } from './fibrechannel.ts'

test('writes the counters that the adapter has, hexadecimal ones too', async () => {
  const { ok, samples } = await collectorOn(fibrechannel, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    'node_fibrechannel_error_frames_total{fc_host="host0"}': 20,
    'node_fibrechannel_dumped_frames_total{fc_host="host11"}': 100,
    'node_fibrechannel_info{fc_host="host11",port_id="0x",port_state="Linkdown"}': 1,
  })
  expect(samples).not.toHaveProperty(['node_fibrechannel_dumped_frames_total{fc_host="host0"}'])
})

test('a counter that is missing is left out, and one that is no number fails the collector', async () => {
  const host = hostCopy()
  host.remove('sys/class/fc_host/host11/statistics/rx_words')
  const { ok, samples } = await collectorOn(fibrechannel, host.folder).collect()
  expect([ok, 'node_fibrechannel_rx_words_total{fc_host="host11"}' in samples]).toEqual([true, false])
  host.write('sys/class/fc_host/host11/statistics/rx_words', '-')
  expect(await collectorOn(fibrechannel, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test('labels of addresses have no prefix', () => {
  expect([label('port_id', '0x000002'), label('port_id', '0x'), label('speed', '0x10')]).toEqual([
    '000002',
    '0x',
    '0x10',
  ])
})
