import { expect, test } from 'vitest'
import { startNodeExporter } from '../support/servers/node_exporter.ts'
import { startPrometheus } from '../support/servers/prometheus.ts'
import { describeWith } from '../support/servers/requires.ts'

describeWith(['node_exporter'], 'node_exporter started for a test', () => {
  test('serves its page', async () => {
    const exporter = await startNodeExporter(['--collector.disable-defaults', '--collector.loadavg'])
    const page = await (await fetch(`${exporter.url}/metrics`)).text()
    await exporter.stop()
    expect(page).toMatch(/^node_load1 /m)
  })
})

describeWith(['prometheus 3.15'], 'Prometheus 3.15 started for a test', () => {
  test('is not the one of Debian', async () => {
    const prometheus = await startPrometheus({ bin: '3.15' })
    const response = await fetch(`${prometheus.url}/api/v1/status/flags`)
    const flags = (await response.json()) as { data: object }
    await prometheus.stop()
    expect(flags.data).toHaveProperty(['web.enable-otlp-receiver']) // which 2.x does not have
  })
})
