// CPU of one collection of the node receiver against one scrape of the real node_exporter with the same collectors.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Exposer } from '../exporters/prometheus/exposer.ts'
import { Naming } from '../exporters/prometheus/naming.ts'
import { Pages } from '../exporters/prometheus/pages.ts'
import { NameFilter } from '../exporters/prometheus/patterns.ts'
import { node } from '../receivers/node/receiver.ts'
import { systemClock } from '../src/component/clock.ts'
import type { MetricBatch } from '../src/telemetry/metrics/batch.ts'
import { gauge } from '../src/telemetry/metrics/descriptor.ts'
import { Emitter, family } from '../src/telemetry/metrics/emitter.ts'
import { SeriesTable } from '../src/telemetry/metrics/series_table.ts'
import { peer } from '../test/peers/peers.ts'
import { freePort } from '../test/support/ports.ts'
import { answers, onFreePort, startProcess } from '../test/support/servers/process.ts'
import { fakeSettings } from '../test/support/settings.ts'

const WARM_UP = 500
const COLLECTIONS = 2000
const SCRAPES = 1000
/** USER_HZ: what /proc/<pid>/stat counts in. */
const TICKS_PER_SECOND = 100
const root = resolve(import.meta.dirname, '..')
const NAMES = ['cpu', 'diskstats', 'filesystem', 'loadavg', 'meminfo', 'netdev', 'stat', 'time', 'uname']

/** Receiver and exporter as the agent wires them, without HTTP. */
function ours() {
  const settings = fakeSettings({ id: 'node' })
  const exposer = new Exposer({
    table: settings.series,
    naming: new Naming({
      strategy: 'UnderscoreEscapingWithSuffixes',
      namespace: '',
      constLabels: {},
      resourceLabels: undefined,
      scopeLabels: false,
      identity: false,
    }),
    filter: new NameFilter([], []),
    drops: settings.drops,
    log: settings.log,
    clock: systemClock,
    expirationMs: 300_000,
  })
  const pages = new Pages(exposer, systemClock, { sendTimestamps: false, createdLines: false })
  let points = 0
  const consume = async (batch: MetricBatch) => {
    points = batch.itemCount
    exposer.consume(batch)
  }
  const receiver = node.create(node.config.parse({}), { metrics: { consume } }, settings)
  const signal = new AbortController().signal
  let sequence = 0
  return {
    points: () => points,
    collect: () =>
      receiver.collect?.({ source: 'node', sequence: ++sequence, partial: false, complete: true }, undefined, signal),
    async render() {
      exposer.prepare(new Map([['node', sequence]]))
      return (await pages.whole({ format: 'text', escaping: 'allow-utf-8', contentType: 'text/plain' })).body.length
    },
    close: () => receiver.shutdown?.(signal),
  }
}

async function cpuUs(times: number, work: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < WARM_UP; i++) await work()
  const begin = process.cpuUsage()
  for (let i = 0; i < times; i++) await work()
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / times
}

/** CPU of a process for each of `SCRAPES` requests, by what the kernel counts for it. */
async function scrapeUs(pid: number, url: string): Promise<number> {
  for (let i = 0; i < WARM_UP; i++) await answers(url)
  const begin = ticks(pid)
  for (let i = 0; i < SCRAPES; i++) await answers(url)
  return ((ticks(pid) - begin) / TICKS_PER_SECOND / SCRAPES) * 1e6
}

async function nodeExporterUs(): Promise<number> {
  const { path } = await peer('node_exporter')
  const flags = [
    '--collector.disable-defaults',
    '--web.disable-exporter-metrics',
    ...NAMES.map(name => `--collector.${name}`),
  ]
  return onFreePort(async port => {
    const url = `http://127.0.0.1:${port}/metrics`
    const args = [`--web.listen-address=127.0.0.1:${port}`, ...flags]
    const { pid, stop } = await startProcess({ path, args, ready: () => answers(url) })
    return scrapeUs(pid, url).finally(stop)
  })
}

/** The bundle with this receiver and a `prometheus` exporter that collects for every scrape. */
async function agentUs(): Promise<number> {
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')])
  if (built.status !== 0) throw new Error(`the bundle cannot be built: ${built.stderr}`)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const config = join(folder, 'millrace.yaml')
  const [port, admin] = [await freePort(), await freePort()]
  writeFileSync(
    config,
    `receivers: { node: {} }
exporters: { prometheus: { endpoint: "127.0.0.1:${port}", max_age: 0s } }
service:
  admin: { endpoint: "127.0.0.1:${admin}" }
  pipelines: { metrics: { receivers: [node], exporters: [prometheus] } }
`,
  )
  const url = `http://127.0.0.1:${port}/metrics`
  const args = [join(root, 'dist/entry.mjs'), 'run', '--config', config]
  const { pid, stop } = await startProcess({ path: process.execPath, args, ready: () => answers(url) })
  return scrapeUs(pid, url).finally(async () => {
    await stop()
    rmSync(folder, { recursive: true })
  })
}

/** User and system time of a process, fields 14 and 15 of proc_pid_stat(5). */
function ticks(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** A sample by its label values, and by a kept series: µs each. */
function emitUs(): { emit: number; put: number } {
  const times = family(gauge('node_bench', 'A series.'), 'cpu', 'mode')
  const emitter = new Emitter(new SeriesTable())
  const cpus = Array.from({ length: 800 }, (_, i) => String(i))
  const kept = cpus.map(cpu => emitter.series(times, cpu, 'user'))
  const timed = (write: () => void) => {
    let begin = 0
    for (let round = -WARM_UP; round < COLLECTIONS; round++) {
      if (round === 0) begin = performance.now()
      emitter.begin(0)
      write()
      emitter.finish({ receiver: 'node' })
    }
    return ((performance.now() - begin) * 1000) / COLLECTIONS / cpus.length
  }
  return {
    emit: timed(() => {
      for (const cpu of cpus) emitter.emit(times, 1, cpu, 'user')
    }),
    put: timed(() => {
      for (const series of kept) emitter.put(series, 1)
    }),
  }
}

const millrace = ours()
const collection = await cpuUs(COLLECTIONS, async () => millrace.collect())
const page = await cpuUs(COLLECTIONS, async () => {
  await millrace.collect()
  await millrace.render()
})
await millrace.close()
const agent = await agentUs()
const exporter = await nodeExporterUs()
const row = (what: string, us: number) =>
  console.log(`${what.padEnd(52)}${us.toFixed(0).padStart(6)} µs  ${(exporter / us).toFixed(1)} ×`)
console.log(`${NAMES.length} collectors, ${millrace.points()} samples; × = node_exporter's CPU over this`)
row('Millrace: one collection', collection)
row('Millrace: one collection and its text page', page)
row('Millrace: one scrape of the agent, over HTTP', agent)
row('node_exporter 1.12.1: one scrape, over HTTP', exporter)
const { emit, put } = emitUs()
console.log(`one sample by its label values ${emit.toFixed(3)} µs, by a kept series ${put.toFixed(3)} µs`)
