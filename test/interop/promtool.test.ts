import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentProcess, spawnAgent, temporaryFolder } from '../support/agent_process.ts'
import { freePort } from '../support/ports.ts'
import { startNodeExporter } from '../support/servers/node_exporter.ts'
import { checkMetrics } from '../support/servers/promtool.ts'
import { describeWith } from '../support/servers/requires.ts'

describeWith(['promtool', 'node_exporter'], 'promtool', () => {
  const folder = temporaryFolder()
  let agent: AgentProcess
  let port: number
  let nodeExporter: { url: string; stop(): Promise<void> }

  beforeAll(async () => {
    port = await freePort()
    const text = `
receivers: { node: {} }
exporters: { prometheus: { endpoint: "127.0.0.1:${port}", drop_in: true } }
service:
  admin: { endpoint: "127.0.0.1:${await freePort()}" }
  pipelines: { metrics: { receivers: [node], exporters: [prometheus] } }
`
    agent = spawnAgent(['run', '--config', folder.write('millrace.yaml', text)])
    await agent.printed('health at')
    nodeExporter = await startNodeExporter()
  })
  afterAll(async () => {
    await nodeExporter?.stop()
    agent?.signal('SIGTERM')
    await agent?.exit
    folder[Symbol.dispose]()
  })

  const complaintsOf = async (url: string) => checkMetrics(await (await fetch(url)).text())

  test('complains of nothing on our page that it does not complain of on the page of node_exporter', async () => {
    const [ours, theirs] = [
      await complaintsOf(`http://127.0.0.1:${port}/metrics`),
      await complaintsOf(`${nodeExporter.url}/metrics`),
    ]
    expect(theirs.length).toBeGreaterThan(0)
    expect(ours.filter(line => !theirs.includes(line))).toEqual([])
  })
})
