// The agent with an exporter `stubborn` that never stops, or that leaves calls hanging in the thread pool.
import { open } from 'node:fs'
import { z } from 'zod'
import { runAgent } from '../../../src/agent/run_agent.ts'
import { defineExporter } from '../../../src/component/define.ts'
import { loadComponents } from '../../../src/components.ts'

const components = await loadComponents()

const config = z.strictObject({
  never_stops: z.boolean().default(false),
  opens: z
    .array(z.string())
    .default([])
    .describe('Opened for reading, each in a thread of the pool, and not waited for.'),
})
const stubborn = defineExporter({
  type: 'stubborn',
  signals: ['metrics'],
  stability: 'development',
  delivery: 'hold',
  ordering: 'none',
  config,
  create({ never_stops, opens }) {
    return {
      metrics() {},
      start() {
        for (const path of opens) open(path, 'r', () => {})
      },
      shutdown: () => (never_stops ? new Promise(() => {}) : Promise.resolve()),
    }
  },
})

await runAgent({
  configFiles: process.argv.slice(2),
  watch: false,
  env: process.env,
  loadComponents: async () => ({ ...components, exporter: new Map([...components.exporter, ['stubborn', stubborn]]) }),
})
