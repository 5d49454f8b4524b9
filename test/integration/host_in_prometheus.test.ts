import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentProcess, spawnAgent, temporaryFolder } from '../support/agent_process.ts'
import { freePort } from '../support/ports.ts'
import { type Prometheus, startPrometheus } from '../support/servers/prometheus.ts'
import { checkMetrics } from '../support/servers/promtool.ts'
import { describeWith } from '../support/servers/requires.ts'

let agent: AgentProcess
let prometheus: Prometheus
let port: number
const folder = temporaryFolder()

/** Asks until Prometheus has scraped. */
async function result(promql: string) {
  for (let look = 0; look < 100; look++) {
    const found = await prometheus.query(promql)
    if (found.length > 0) return found
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`no data for ${promql}\n${prometheus.output()}`)
}

describeWith(['prometheus', 'promtool'], "this host's metrics in a real Prometheus", () => {
  beforeAll(async () => {
    port = await freePort()
    const file = folder.write(
      'millrace.yaml',
      `
receivers: { node: {} }
exporters: { prometheus: { endpoint: "127.0.0.1:${port}", drop_in: true } }
service:
  admin: { endpoint: "127.0.0.1:${await freePort()}" }
  pipelines: { metrics: { receivers: [node], exporters: [prometheus] } }
`,
    )
    agent = spawnAgent(['run', '--config', file])
    await agent.printed('health at')
    prometheus = await startPrometheus({ scrape: { node: `127.0.0.1:${port}` } })
  })
  afterAll(async () => {
    await prometheus?.stop()
    agent?.signal('SIGTERM')
    await agent?.exit
    folder[Symbol.dispose]()
  })

  test('the target is up, and CPU seconds are there for every CPU and mode', async () => {
    expect((await result('up{job="node"} == 1')).length).toBe(1)
    const modes = await result('count by (mode) (node_cpu_seconds_total)')
    expect(modes.map(({ metric }) => metric.mode).sort()).toEqual([
      'idle',
      'iowait',
      'irq',
      'nice',
      'softirq',
      'steal',
      'system',
      'user',
    ])
    expect((await result('count(node_cpu_seconds_total{mode="idle"})'))[0].value[1]).toBe(
      (await result('count(count by (cpu) (node_cpu_seconds_total))'))[0].value[1],
    )
  })

  test('a series has the labels that node_exporter gives it and those of the scrape, no others', async () => {
    const [load] = await result('node_load1')
    expect(load.metric).toEqual({ __name__: 'node_load1', instance: `127.0.0.1:${port}`, job: 'node' })
  })

  test('the expressions that dashboards use have data', async () => {
    for (const promql of [
      '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
      'sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[10s]))',
      'node_load1 / count by (instance, job) (node_cpu_seconds_total{mode="idle"})',
      'time() - node_boot_time_seconds',
      'node_uname_info',
      'node_scrape_collector_success{collector="cpu"} == 1',
    ])
      await result(promql)
  })

  test('promtool reads the page', async () => {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect((await checkMetrics(page)).filter(line => !/^node_\w+ /.test(line))).toEqual([])
  })
})
