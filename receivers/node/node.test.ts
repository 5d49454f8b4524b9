import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CollectFilter } from '../../src/component/types.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import { hostCopy, recordedHost } from '../../test/support/node_host.ts'
import { samplesOf } from '../../test/support/samples.ts'
import { fakeSettings, nextOf } from '../../test/support/settings.ts'
import { collectors } from './collectors/registry.ts'
import { node } from './receiver.ts'
import { scrapeFamilies } from './run_collectors.ts'

const NAMES = ['cpu', 'diskstats', 'filesystem', 'loadavg', 'meminfo', 'netdev', 'stat', 'time', 'uname']
const signal = new AbortController().signal

function receiver(config: object = {}, folder = recordedHost) {
  const batches: MetricBatch[] = []
  const next = nextOf(async batch => void batches.push(batch))
  const paths = { procfs: join(folder, 'proc'), sysfs: join(folder, 'sys'), rootfs: join(folder, 'root') }
  const settings = fakeSettings({ id: 'node/host' })
  const parsed = node.config.parse({ ...paths, udev_data: join(folder, 'udev'), ...config })
  const it = node.create(parsed, next, settings)
  let sequence = 0
  const collect = async (filter?: CollectFilter) => {
    const collection = { source: 'node/host', sequence: ++sequence, partial: filter !== undefined, complete: true }
    await it.collect?.(collection, filter, signal)
    return batches[batches.length - 1]
  }
  return { it, collect, batches, settings }
}
const ran = (batch: MetricBatch) =>
  Object.keys(samplesOf(batch)).flatMap(key => /^node_scrape_collector_success.*"(.*)"/.exec(key)?.[1] ?? [])
const problems = (config: object) => node.validate?.(node.config.parse(config))

test('hands on one batch a collection, complete, without times and without a resource', async () => {
  const { it, collect, batches } = receiver({ collectors: { filesystem: { fs_types_exclude: 'nfs4' } } })
  const batch = await collect()
  expect(batches).toHaveLength(1)
  expect(batch.origin).toEqual({
    receiver: 'node/host',
    collection: { source: 'node/host', sequence: 1, partial: false, complete: true },
  })
  expect(ran(batch).sort()).toEqual(NAMES)
  for (const point of batch) expect([point.timeMs, point.resource.attributes.length]).toEqual([0, 0])
  await it.shutdown?.(signal)
})

test('a collector that fails makes the collection incomplete', async () => {
  const host = hostCopy()
  host.write('proc/meminfo', 'nonsense\n')
  const { it, collect } = receiver({ collectors: { filesystem: { enabled: false } } }, host.folder)
  const batch = await collect()
  expect(batch.origin.collection?.complete).toBe(false)
  expect(samplesOf(batch)).toMatchObject({
    'node_scrape_collector_success{collector="meminfo"}': 0,
    'node_scrape_collector_success{collector="stat"}': 1,
    node_load1: 0.21,
  })
  host.write('proc/meminfo', 'MemFree: 1 kB\n')
  expect((await collect()).origin.collection?.complete).toBe(true)
  await it.shutdown?.(signal)
})

test('runs the collectors that a filter names, or all but those', async () => {
  const { it, collect } = receiver({ collectors: { filesystem: { enabled: false } } })
  const included = await collect({ include: ['loadavg', 'stat', 'filesystem'] })
  expect(ran(included)).toEqual(['loadavg', 'stat'])
  expect(included.origin.collection?.partial).toBe(true)
  expect(ran(await collect({ exclude: ['loadavg', 'stat', 'cpu', 'netdev'] }))).toEqual([
    'diskstats',
    'meminfo',
    'time',
    'uname',
  ])
  await it.shutdown?.(signal)
})

test('offers the names of the collectors that are enabled, and its interval', async () => {
  const { it } = receiver({ collection_interval: '1m', collectors: { netdev: { enabled: false } } })
  expect(it.collectors).toEqual(NAMES.filter(name => name !== 'netdev'))
  expect(it.collectionIntervalMs).toBe(60_000)
  await it.shutdown?.(signal)
})

test('says which host it watches, and by what', async () => {
  const { it } = receiver({ procfs: '/proc', collectors: { netdev: { enabled: false }, cpu: { enabled: false } } })
  const names = NAMES.filter(name => name !== 'netdev' && name !== 'cpu').join(', ')
  expect(it.describe?.()).toBe(`metrics of host ${hostname()}: ${names}`)
  await it.shutdown?.(signal)
})

test('gives every series back on shutdown', async () => {
  const { it, collect, settings } = receiver({ collectors: { filesystem: { enabled: false } } })
  await collect()
  expect(settings.series.size).toBeGreaterThan(100)
  await it.shutdown?.(signal)
  settings.series.sweep(-1_000_000)
  expect(settings.series.size).toBe(0)
})

test('shutdown ends a collection that waits for a mount, and hands nothing on after it', async () => {
  const { it, collect, batches } = receiver()
  const collecting = collect()
  const outcome = expect(collecting).rejects.toThrow('node/host stops')
  await it.shutdown?.(signal)
  await outcome
  expect(batches).toEqual([])
  await expect(collect()).rejects.toThrow('node/host stops')
})

describe('config', () => {
  test('has the paths and defaults of node_exporter', () => {
    const config = node.config.parse({})
    expect(config).toMatchObject({
      procfs: '/proc',
      sysfs: '/sys',
      rootfs: '/',
      udev_data: '/run/udev/data',
      collection_interval: 15_000,
    })
    expect(Object.entries(config.collectors).map(([name, { enabled }]) => [name, enabled])).toEqual(
      NAMES.map(name => [name, true]),
    )
  })

  test.each([
    [{ collectors: { cpuu: {} } }, 'cpuu'],
    [{ collectors: { cpu: { gest: true } } }, 'gest'],
    [{ collectors: { netdev: { device_exclude: '(' } } }, 'regular expression'],
    [{ collectors: { filesystem: { mount_timeout: 'soon' } } }, 'duration'],
  ])('refuses %j', (config, message) => {
    expect(() => node.config.parse(config)).toThrow(message)
  })

  test('refuses an exclude and an include pattern together, the default one excepted', () => {
    expect(
      problems({ collectors: { diskstats: { device_include: 'sda' }, filesystem: { fs_types_include: 'ext4' } } }),
    ).toEqual([])
    expect(
      problems({
        collectors: {
          netdev: { device_exclude: 'lo', device_include: 'eth' },
          filesystem: { mount_points_exclude: '^/x', mount_points_include: '^/y' },
          diskstats: { device_exclude: '', device_include: 'sda' },
        },
      })?.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ).toEqual([
      'collectors.filesystem.mount_points_include: mount_points_exclude and mount_points_include exclude each other: set one of them',
      'collectors.netdev.device_include: device_exclude and device_include exclude each other: set one of them',
    ])
  })
})

test('has the families of node_exporter, with its types and labels', () => {
  const file = readFileSync(resolve(import.meta.dirname, '../../test/contracts/node_exporter.tsv'), 'utf8')
  const contract = file
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => {
      const [name, type, labels, collector] = line.split('\t')
      return `${collector} ${name} ${type} ${labels.split(',').sort().join()}`
    })
  const row = (collector: string, { descriptor, labels }: (typeof scrapeFamilies)[number]) =>
    `${collector} ${descriptor.name} ${descriptor.kind === 'sum' ? 'counter' : 'gauge'} ${[...labels].sort().join()}`
  const ours = [
    ...collectors.flatMap(({ name, families }) => families.map(one => row(name, one))),
    ...scrapeFamilies.map(one => row('(exporter)', one)),
  ]
  // node_exporter 1.12 writes it on Linux too; the table has it from no page.
  const beyond = 'filesystem node_filesystem_purgeable_bytes gauge device,device_error,fstype,mountpoint'
  expect(ours.filter(one => one !== beyond).sort()).toEqual(contract.sort())
})
