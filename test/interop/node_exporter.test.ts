import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { node } from '../../receivers/node/receiver.ts'
import { attributeText, decodeAttributes } from '../../src/telemetry/attributes.ts'
import type { MetricBatch } from '../../src/telemetry/metrics/batch.ts'
import { recordedHost } from '../support/node_host.ts'
import { startNodeExporter } from '../support/servers/node_exporter.ts'
import { describeWith } from '../support/servers/requires.ts'
import { fakeSettings, nextOf } from '../support/settings.ts'

interface Family {
  type: string
  help: string
  /** By labels, in the order of their names and without empty ones. */
  samples: Map<string, number>
}
type Page = Map<string, Family>

const labelKey = (labels: [string, string][]) =>
  labels
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join()

/** The real exporter's page: text format 0.0.4. */
function readPage(text: string): Page {
  const page: Page = new Map()
  const familyOf = (name: string) => {
    const known = page.get(name) ?? { type: '', help: '', samples: new Map() }
    page.set(name, known)
    return known
  }
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === 'HELP') familyOf(name).help = rest
    else if (kind === 'TYPE') familyOf(name).type = rest
    else {
      const [, metric, labels = '', value] = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? []
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/gi)].map(
        ([, label, escaped]): [string, string] => [
          label,
          escaped.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)),
        ],
      )
      familyOf(metric).samples.set(labelKey(pairs), Number(value))
    }
  }
  return page
}

function readBatch(batch: MetricBatch): Page {
  const page: Page = new Map()
  for (const { key, value } of batch) {
    const { name, kind, prometheusType, description } = key.descriptor
    const family = page.get(name) ?? {
      type: prometheusType === 'unknown' ? 'untyped' : kind === 'sum' ? 'counter' : kind,
      help: description,
      samples: new Map(),
    }
    page.set(name, family)
    const labels: [string, string][] = []
    decodeAttributes(key.attributes, (label, text) => void labels.push([label, attributeText(text)]))
    family.samples.set(labelKey(labels), value)
  }
  return page
}

/** One collection of our receiver, and a page of the real one between two of ours. */
async function pages(args: string[], config: object) {
  let last: MetricBatch | undefined
  const next = nextOf(async batch => {
    last = batch
  })
  const receiver = node.create(node.config.parse(config), next, fakeSettings())
  const signal = new AbortController().signal
  const collect = async () => {
    await receiver.collect?.({ source: 'node', sequence: 1, partial: false, complete: true }, undefined, signal)
    return readBatch(last as MetricBatch)
  }
  const exporter = await startNodeExporter(['--collector.disable-defaults', '--web.disable-exporter-metrics', ...args])
  try {
    const before = await collect()
    const real = readPage(await (await fetch(`${exporter.url}/metrics`)).text())
    real.delete('node_exporter_build_info')
    return { before, real, after: await collect() }
  } finally {
    await exporter.stop()
    await receiver.shutdown?.(signal)
  }
}

const chosen = node.config.parse({}).collectors
const ALL = Object.keys(chosen)
/** Collectors that run when nothing is said. */
const NAMES = ALL.filter(name => chosen[name].enabled)
const on = (...names: string[]) => names.map(name => `--collector.${name}`)
/** All off, but those that are named. */
const off = (...names: string[]) => ({
  collectors: Object.fromEntries(ALL.map(name => [name, { enabled: names.includes(name) }])),
})

const shape = (page: Page) =>
  [...page]
    .map(([name, { type, help, samples }]) => ({ name, type, help, labels: [...samples.keys()].sort() }))
    .sort(byName)
const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

/** Gauges that move by themselves between two reads. */
const RESTLESS = new RegExp(
  `^node_(${[
    'load\\d+|memory_.*|procs_.*|filesystem_(free_bytes|avail_bytes|files_free)|disk_io_now',
    'arp_entries|filefd_allocated|entropy_available_bits|netstat_Tcp_CurrEstab|nf_conntrack_entries|sockstat_.*',
    'softnet_backlog_len|udp_queues|scrape_collector_duration_seconds',
    'buddyinfo_.*|cgroups_cgroups|slabinfo_.*|swap_used_bytes|zoneinfo_.*_(pages|stacks|hugepages)|ksmd_.*',
  ].join('|')})$`,
)

/** Values of the real page that do not lie between ours before and ours after. */
function astray({ before, real, after }: Record<'before' | 'real' | 'after', Page>): string[] {
  return [...real].flatMap(([name, { samples }]) =>
    RESTLESS.test(name)
      ? []
      : [...samples].flatMap(([labels, value]) => {
          const low = before.get(name)?.samples.get(labels) as number
          const high = after.get(name)?.samples.get(labels) as number
          return low <= value && value <= high ? [] : [`${name}{${labels}} ${low} ${value} ${high}`]
        }),
  )
}

afterEach(() => vi.unstubAllEnvs())

describeWith(['node_exporter'], 'node and the real node_exporter', () => {
  describe('on this host', () => {
    test.each<[string, string[], object]>([
      ['with the defaults', on(...NAMES), {}],
      [
        'with all that the flags of cpu and stat add',
        [
          ...on('cpu', 'cpufreq', 'stat'),
          '--collector.cpu.info',
          '--collector.cpu.info.flags-include=^(fpu|s?se.*)$',
        ].concat('--collector.cpu.info.bugs-include=.*', '--no-collector.cpu.guest', '--collector.stat.softirq'),
        {
          collectors: {
            ...off('cpu', 'cpufreq', 'stat').collectors,
            cpu: { info: true, info_flags_include: '^(fpu|s?se.*)$', info_bugs_include: '.*', guest: false },
            stat: { softirq: true },
          },
        },
      ],
      [
        'with detailed network statistics and aliases',
        [...on('netdev'), '--collector.netdev.enable-detailed-metrics', '--collector.netdev.label-ifalias'],
        { collectors: { ...off('netdev').collectors, netdev: { enable_detailed_metrics: true, label_ifalias: true } } },
      ],
      [
        'with detailed network statistics of /proc and addresses, of some devices',
        [...on('netdev'), '--collector.netdev.enable-detailed-metrics', '--no-collector.netdev.netlink'].concat(
          '--collector.netdev.address-info',
          '--collector.netdev.device-include=^(lo|eth.*)$',
        ),
        {
          collectors: {
            ...off('netdev').collectors,
            netdev: {
              enable_detailed_metrics: true,
              netlink: false,
              address_info: true,
              device_include: '^(lo|eth.*)$',
            },
          },
        },
      ],
      [
        'with every mount and every disk',
        [...on('filesystem', 'diskstats'), '--collector.filesystem.mount-points-exclude=^$'].concat(
          '--collector.filesystem.fs-types-include=^(proc|sysfs|devtmpfs|ext4|tmpfs)$',
          '--collector.filesystem.mount-points-exclude=^/dev/shm$',
          '--collector.diskstats.device-exclude=^$',
        ),
        {
          collectors: {
            ...off('filesystem', 'diskstats').collectors,
            filesystem: { mount_points_exclude: '^/dev/shm$', fs_types_include: '^(proc|sysfs|devtmpfs|ext4|tmpfs)$' },
            diskstats: { device_exclude: '^$' },
          },
        },
      ],
    ])('%s agree in families, types, help, labels and values', async (_, args, config) => {
      const found = await pages(args.slice().filter(lastOfItsName), config)
      expect(shape(found.before)).toEqual(shape(found.real))
      expect(astray(found)).toEqual([])
    })

    test('agree on what is off by default, as far as it holds still', async () => {
      const names = 'buddyinfo cgroups interrupts ksmd lnstat meminfo_numa softirqs swap drbd xfrm zoneinfo'.split(' ')
      const found = await pages(on(...names), off(...names))
      expect(shape(found.before)).toEqual(shape(found.real))
      expect(astray(found)).toEqual([])
    })

    test('agree on the time zone', async () => {
      vi.stubEnv('TZ', 'America/St_Johns')
      const found = await pages(on('time'), off('time'))
      expect(shape(found.before)).toEqual(shape(found.real))
      expect(astray(found)).toEqual([])
    })
  })

  test.each<[string, string[], string[], object]>([
    ['with the defaults', NAMES, [], {}],
    // tcpstat asks the kernel by netlink, whatever the paths
    ['with what is off by default', ALL.filter(name => !NAMES.includes(name) && name !== 'tcpstat'), [], {}],
    [
      'with all that the flags of cpu add',
      ['cpu'],
      ['--collector.cpu.info', '--collector.cpu.info.flags-include=.*', '--collector.cpu.info.bugs-include=.*'],
      { cpu: { info: true, info_flags_include: '.*', info_bugs_include: '.*' } },
    ],
    [
      'with the flags of what the kernel counts',
      ['interrupts', 'ipvs', 'netstat', 'slabinfo', 'sysctl', 'vmstat'],
      [
        ...['--collector.interrupts.name-exclude=^(LOC|120);', '--no-collector.interrupts.include-zeros'],
        ...['--collector.ipvs.backend-labels=proto,local_port', '--collector.netstat.fields=.*'],
        ...['--collector.slabinfo.slabs-include=^k', '--collector.slabinfo.slabs-exclude=cache$'],
        ...['--collector.sysctl.include=fs.file-nr', '--collector.sysctl.include=fs.file-nr:total,current,max'],
        ...['--collector.sysctl.include=kernel.threads-max', '--collector.vmstat.fields=.*'],
        '--collector.sysctl.include-info=kernel.seccomp.actions_avail',
      ],
      {
        interrupts: { name_exclude: '^(LOC|120);', include_zeros: false },
        ipvs: { backend_labels: 'proto,local_port' },
        netstat: { fields: '.*' },
        slabinfo: { slabs_include: '^k', slabs_exclude: 'cache$' },
        sysctl: {
          include: ['fs.file-nr', 'fs.file-nr:total,current,max', 'kernel.threads-max'],
          include_info: ['kernel.seccomp.actions_avail'],
        },
        vmstat: { fields: '.*' },
      },
    ],
    [
      'with the flags of devices',
      ['bcache', 'hwmon', 'infiniband', 'netclass', 'powersupplyclass', 'rapl', 'tapestats'],
      [
        ...['--collector.bcache.priorityStats', '--collector.rapl.enable-zone-label'],
        ...['--collector.netclass.ignored-devices=^lo$', '--collector.netclass.ignore-invalid-speed'],
        ...['--collector.infiniband.device-include=mlx', '--collector.tapestats.ignored-devices=12'],
        ...['--collector.powersupply.ignored-supplies=AC', '--collector.hwmon.chip-exclude=nvme'],
        ...['--collector.hwmon.sensor-include=;(temp|fan)'],
      ],
      {
        bcache: { priority_stats: true },
        rapl: { enable_zone_label: true },
        netclass: { ignored_devices: '^lo$', ignore_invalid_speed: true },
        infiniband: { device_include: 'mlx' },
        tapestats: { ignored_devices: '12' },
        powersupplyclass: { ignored_supplies: 'AC' },
        hwmon: { chip_exclude: 'nvme', sensor_include: ';(temp|fan)' },
      },
    ],
  ])(
    'on a recorded host, %s, agree in families, types, help, labels and every value',
    async (_, names, args, flags) => {
      const [procfs, sysfs, rootfs, udev_data] = ['proc', 'sys', 'root', 'udev'].map(name => join(recordedHost, name))
      const paths = [`--path.procfs=${procfs}`, `--path.sysfs=${sysfs}`, `--path.rootfs=${rootfs}`]
      const onSysfs = ['--no-collector.netdev.netlink', '--no-collector.arp.netlink']
      const { before, real } = await pages(
        [...on(...names), ...paths, `--path.udev.data=${udev_data}`, ...onSysfs, ...args],
        {
          ...{ procfs, sysfs, rootfs, udev_data },
          collectors: Object.fromEntries(
            ALL.map(name => [
              name,
              {
                enabled: names.includes(name),
                ...(name === 'netdev' || name === 'arp' ? { netlink: false } : {}),
                ...(flags as Record<string, object>)[name],
              },
            ]),
          ),
        },
      )
      expect(shape(before)).toEqual(shape(real))
      const moves = /^node_(filesystem_(free|avail)_bytes|filesystem_files_free|scrape_.*_seconds|time_seconds)$/
      const still = (page: Page) =>
        Object.fromEntries(
          [...page].flatMap(([name, { samples }]) => (moves.test(name) ? [] : [[name, Object.fromEntries(samples)]])),
        )
      expect(still(before)).toEqual(still(real))
    },
  )
})

/** Of a flag that is given twice only the last. */
function lastOfItsName(arg: string, i: number, args: string[]): boolean {
  return !args.slice(i + 1).some(other => other.split('=')[0] === arg.split('=')[0])
}
