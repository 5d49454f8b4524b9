import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CollectFilter } from '../../src/component/types.ts'
import { decodeAttributes } from '../../src/telemetry/attributes.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import type { Descriptor } from '../../src/telemetry/metrics/descriptor.ts'
import type { Family } from '../../src/telemetry/metrics/emitter.ts'
import { hostCopy, recordedHost } from '../../test/support/node_host.ts'
import { samplesOf } from '../../test/support/samples.ts'
import { fakeSettings, nextOf } from '../../test/support/settings.ts'
import type { CollectorDefinition } from './collector.ts'
import { collectors } from './collectors/registry.ts'
import { node } from './receiver.ts'
import { scrapeFamilies } from './run_collectors.ts'

/** Rows of the contract: family, type, labels, collector, whether it is on when nothing is said. */
const contract = readFileSync(resolve(import.meta.dirname, '../../test/contracts/node_exporter.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map(line => line.split('\t'))
/** Collectors that node_exporter runs when nothing is said. */
const NAMES = [
  ...new Set(contract.flatMap(([, , , name, isOn]) => (isOn === 'yes' && name !== '(exporter)' ? [name] : []))),
].sort()
const ALL = collectors.map(({ name }) => name)
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
  const excluded = ['loadavg', 'stat', 'cpu', 'netdev']
  const others = NAMES.filter(name => name !== 'filesystem' && !excluded.includes(name))
  expect(ran(await collect({ exclude: excluded })).sort()).toEqual(others)
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
      ALL.map(name => [name, NAMES.includes(name)]),
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

const typeOf = ({ kind, prometheusType }: Descriptor) =>
  prometheusType === 'unknown' ? 'untyped' : kind === 'sum' ? 'counter' : kind
/** Families that a collector writes of the recorded host by names that the kernel has, each with all labels seen. */
async function found(definition: CollectorDefinition): Promise<Family[]> {
  const families = new Map<string, { descriptor: Descriptor; labels: Set<string> }>()
  const declared = new Set(definition.families.map(({ descriptor }) => descriptor.name))
  const { it, collect } = receiver({
    collectors: Object.fromEntries(ALL.map(name => [name, { enabled: name === definition.name, ...FLAGS[name] }])),
  })
  for (const { key } of await collect()) {
    const { name } = key.descriptor
    if (name.startsWith('node_scrape_') || declared.has(name)) continue
    const one = families.get(name) ?? { descriptor: key.descriptor, labels: new Set() }
    families.set(name, one)
    decodeAttributes(key.attributes, label => void one.labels.add(label))
  }
  await it.shutdown?.(signal)
  return [...families.values()].map(({ descriptor, labels }) => ({ descriptor, labels: [...labels] }))
}
/** Flags that bring families which the defaults leave out. */
const FLAGS: Record<string, object> = {
  netstat: { fields: '.*' },
  sysctl: {
    include: ['fs.file-nr', 'fs.file-nr:total,current,max', 'kernel.threads-max'],
    include_info: ['kernel.seccomp.actions_avail'],
  },
}
/** What node_exporter 1.12 writes beyond the table, which was made of its pages. */
const BEYOND = [
  'node_filesystem_purgeable_bytes gauge',
  'node_processes_threads_state gauge',
  'node_rapl_joules_total counter',
]

/** Labels by name and type: of all collectors that write the family. */
function merged(rows: readonly (readonly [key: string, labels: readonly string[]])[]): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>()
  for (const [key, names] of rows) labels.set(key, new Set([...(labels.get(key) ?? []), ...names]))
  return labels
}

/** Labels of node_power_supply_info, which the table took for families of their own; no page has them. */
const LABELS_ONLY = new Set(
  ['capacity_level', 'charge_type', 'health', 'manufacturer', 'model_name', 'power_supply', 'scope', 'serial_number']
    .concat('status', 'technology', 'type', 'usb_type')
    .map(label => `node_power_supply_${label} gauge`),
)
/** What only ioctl and netlink give; the README says so. */
const WITHOUT_A_FILE = [
  'node_btrfs_device_errors_total counter',
  'node_btrfs_device_unused_bytes gauge',
  'node_network_altnames_info gauge',
]

test('has the families of node_exporter, with its types and labels', async () => {
  const row = ({ descriptor, labels }: Family) => [`${descriptor.name} ${typeOf(descriptor)}`, labels] as const
  const names = (labels: string) => labels.split(',').filter(name => name !== '')
  const wanted = merged(contract.map(([name, type, labels]) => [`${name} ${type}`, names(labels)]))
  const declared = merged([...collectors.flatMap(({ families }) => families), ...scrapeFamilies].map(row))
  expect([...declared.keys()].filter(key => !wanted.has(key)).sort()).toEqual(BEYOND)
  const written = await Promise.all(collectors.map(found))
  const all = merged([...[...declared].map(([key, labels]) => [key, [...labels]] as const), ...written.flat().map(row)])
  expect([...wanted.keys()].filter(key => !all.has(key) && !LABELS_ONLY.has(key))).toEqual(WITHOUT_A_FILE)
  // The table has no label that was empty on every page.
  const lacking = [...wanted].filter(([key, labels]) => [...labels].some(label => all.get(key)?.has(label) === false))
  expect(lacking).toEqual([])
})
