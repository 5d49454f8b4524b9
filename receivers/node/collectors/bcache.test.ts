import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { bcache, parseSize } from './bcache.ts'

const uuid = 'uuid="deaddd54-c735-46d5-868e-f331c5fd7c74"'

test('writes cache sets, backing devices and caches', async () => {
  const { ok, samples } = await collectorOn(bcache, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    [`node_bcache_cache_read_races_total{${uuid}}`]: 6,
    [`node_bcache_writeback_change{backing_device="bdev11",${uuid}}`]: -23,
    [`node_bcache_cache_hits_total{backing_device="bdev0",${uuid}}`]: 546,
    [`node_bcache_io_errors{cache_device="cache0",${uuid}}`]: 8,
    [`node_bcache_cache_readaheads_total{backing_device="bdev0",${uuid}}`]: 13,
  })
  expect(Object.keys(samples).filter(key => /readaheads.*bdev11|priority/.test(key))).toEqual([])
})

test('writes priorities when told so', async () => {
  const { samples } = await collectorOn(bcache, recordedHost, { priority_stats: true }).collect()
  expect(samples[`node_bcache_priority_stats_unused_percent{cache_device="cache0",${uuid}}`]).toBe(99)
})

test('a size that is none fails the collector', async () => {
  const host = hostCopy()
  host.write('sys/fs/bcache/deaddd54-c735-46d5-868e-f331c5fd7c74/bdev0/dirty_data', 'much\n')
  expect(await collectorOn(bcache, host.folder).collect()).toEqual({ ok: false, samples: {} })
})

test.each([
  ['546', 546],
  ['1.1k', Math.trunc(1024 * (1 + 1 / 10.24))],
  ['-1.3k', -1324],
  ['2M', 2 * 1024 ** 2],
])('%s is %d', (text, value) => expect(parseSize(text, 'size')).toBe(value))
