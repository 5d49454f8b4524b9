import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, type Program } from '../../../scripts/servers.ts'
import { peer } from '../../peers/peers.ts'
import { answers, onFreePort, startProcess } from './process.ts'

/** `debian`: the 2.42 of Debian 12 (or what the machine has). `3.15`: compiled from the published module. */
export type PrometheusVersion = 'debian' | '3.15'

export interface PrometheusOptions {
  bin?: PrometheusVersion
  /** Job → `host:port` to scrape, every second. */
  scrape?: Record<string, string>
  /** Keys of prometheus.yml; `scrape_configs` given here are added to `scrape`. */
  config?: { scrape_configs?: object[]; [key: string]: unknown }
  args?: string[]
}

export interface Sample {
  metric: Record<string, string>
  /** Seconds and the value as text. Absent on native histograms. */
  value: [number, string]
}

export interface Target {
  labels: Record<string, string>
  health: 'up' | 'down' | 'unknown'
  lastError: string
  scrapeUrl: string
}

export interface Prometheus {
  url: string
  /** The result of an instant query. */
  query(promql: string): Promise<Sample[]>
  targets(): Promise<Target[]>
  output(): string
  stop(): Promise<void>
}

/** A Prometheus of its own on a free port of 127.0.0.1, with an empty database that goes with it. */
export async function startPrometheus({ bin = 'debian', scrape = {}, config = {}, args = [] }: PrometheusOptions = {}) {
  const { path, env } = await prometheusProgram('prometheus', bin)
  const folder = await mkdtemp(join(tmpdir(), 'millrace-prometheus-'))
  const file = join(folder, 'prometheus.json')
  const removeFolder = () => rm(folder, { recursive: true, force: true })
  await writeFile(file, JSON.stringify(configFile(scrape, config)))
  const start = async (port: number): Promise<Prometheus> => {
    const url = `http://127.0.0.1:${port}`
    const own = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    const server = await startProcess({ path, env, args: [...own, ...args], ready: () => answers(`${url}/-/ready`) })
    return {
      url,
      output: server.output,
      query: async promql => (await ask<{ result: Sample[] }>(url, `query?query=${encodeURIComponent(promql)}`)).result,
      targets: async () => (await ask<{ activeTargets: Target[] }>(url, 'targets?state=active')).activeTargets,
      stop: () => server.stop().finally(removeFolder),
    }
  }
  return onFreePort(start).catch(async error => {
    await removeFolder()
    throw error
  })
}

/** A program of Prometheus' distribution. Throws when it cannot be had. */
export async function prometheusProgram(name: 'prometheus' | 'promtool', bin: PrometheusVersion): Promise<Program> {
  if (bin === '3.15') return { path: (await peer('prometheus')).program(name), env: process.env }
  const program = findProgram(name)
  if (!program) throw new Error(`no program ${name}: install Debian's package prometheus`)
  return program
}

/** JSON is YAML. */
function configFile(scrape: Record<string, string>, config: PrometheusOptions['config'] = {}): object {
  const jobs = Object.entries(scrape).map(([job_name, target]) => ({
    job_name,
    static_configs: [{ targets: [target] }],
  }))
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    ...config,
    scrape_configs: [...jobs, ...(config.scrape_configs ?? [])],
  }
}

async function ask<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}`)
  const body = (await response.json()) as { status: string; error?: string; data: T }
  if (body.status !== 'success') throw new Error(`${path}: ${body.error}`)
  return body.data
}
