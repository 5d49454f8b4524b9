import os from 'node:os'
import { z } from 'zod'
import { defineReceiver } from '../../src/component/define.ts'
import type { CollectFilter, Receiver } from '../../src/component/types.ts'
import { duration } from '../../src/config/fields.ts'
import { HostRoot } from '../../src/host/host_root.ts'
import { Emitter } from '../../src/telemetry/metrics/emitter.ts'
import { collectors } from './collectors/registry.ts'
import { type Collectors, runCollectors } from './run_collectors.ts'

const config = z.strictObject({
  procfs: z.string().min(1).default('/proc').describe('Where the procfs of the host is.'),
  sysfs: z.string().min(1).default('/sys').describe('Where the sysfs of the host is.'),
  rootfs: z
    .string()
    .min(1)
    .default('/')
    .describe('Where the root of the host is: mount points are looked up below it.'),
  udev_data: z.string().min(1).default('/run/udev/data').describe('Where the udev database of the host is.'),
  collection_interval: duration()
    .default(15_000)
    .describe('Time between collections for exporters that push; exporters that are scraped collect when they are.'),
  collectors: z
    .strictObject(Object.fromEntries(collectors.map(one => [one.name, one.config.prefault({} as never)])))
    .prefault({})
    .describe('What to collect, by the names that node_exporter has for its collectors and their flags.'),
})
type Config = z.output<typeof config>

/** Metrics of the host with node_exporter's names, types and labels. Samples carry no time and no resource, as its do. */
export const node = defineReceiver({
  type: 'node',
  signals: ['metrics'],
  stability: 'beta',
  config,
  validate: ({ collectors: chosen }) =>
    collectors.flatMap(one =>
      one.problems(chosen[one.name]).map(({ flag, message }) => ({ path: ['collectors', one.name, flag], message })),
    ),
  create(settings, next, { id, clock, log, series }): Receiver {
    const [proc, sys, udev] = [settings.procfs, settings.sysfs, settings.udev_data].map(path => new HostRoot(path))
    const running = collectors.flatMap(({ name }) => (settings.collectors[name].enabled ? [name] : []))
    const host = { proc, sys, udev, rootfs: settings.rootfs, clock, log, enabled: new Set(running) }
    const emitter = new Emitter(series)
    const enabled = createCollectors(settings, host)
    const failures = new Map<string, string>()
    const stop = new AbortController()
    let reading: Promise<boolean> | undefined

    return {
      collectionIntervalMs: settings.collection_interval,
      collectors: [...enabled.keys()],
      async collect(collection, filter, signal) {
        stop.signal.throwIfAborted()
        for (const root of [proc, sys, udev]) root.nextTurn()
        emitter.begin(0)
        reading = runCollectors(chosen(enabled, filter), emitter, { clock, log, failures }, [signal, stop.signal])
        const complete = await reading
        const batch = emitter.finish({
          receiver: id,
          collection: { ...collection, complete: collection.complete && complete },
        })
        stop.signal.throwIfAborted()
        await next.metrics?.consume(batch)
      },
      describe() {
        const where = settings.procfs === '/proc' ? '' : ` by ${settings.procfs}`
        return `metrics of host ${os.hostname()}${where}: ${[...enabled.keys()].join(', ')}`
      },
      async shutdown() {
        stop.abort(new Error(`${id} stops`))
        await reading
        for (const collector of enabled.values()) collector.close?.()
        for (const root of [proc, sys, udev]) root.close()
        emitter.close()
      },
    }
  },
})

function createCollectors(settings: Config, host: Parameters<(typeof collectors)[number]['create']>[1]): Collectors {
  const wanted = collectors.filter(one => settings.collectors[one.name].enabled)
  return new Map(wanted.map(one => [one.name, one.create(settings.collectors[one.name], host)]))
}

function chosen(enabled: Collectors, filter: CollectFilter | undefined): Collectors {
  if (!filter) return enabled
  const takes = (name: string) => ('include' in filter ? filter.include.includes(name) : !filter.exclude.includes(name))
  return new Map([...enabled].filter(([name]) => takes(name)))
}
