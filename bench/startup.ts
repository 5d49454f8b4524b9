// Start of the bundle to the first scrape answered, and RSS when idle, beside a bare Node HTTP server of the same Node.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../test/support/ports.ts'

const ROUNDS = 9
const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))

interface Round {
  readyMs: number
  rssMb: number
}

async function run(args: string[], url: string, expected: string): Promise<Round> {
  const began = performance.now()
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  try {
    await answered(url, expected, child)
    const readyMs = performance.now() - began
    await new Promise(done => setTimeout(done, 3000))
    return { readyMs, rssMb: rssMb(child) }
  } finally {
    child.kill('SIGTERM')
    await new Promise(done => child.once('exit', done))
  }
}

async function answered(url: string, expected: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`ended with code ${child.exitCode}`)
    const body = await fetch(url)
      .then(response => response.text())
      .catch(() => '')
    if (body.includes(expected)) return
    await new Promise(done => setTimeout(done, 2))
  }
}

function rssMb(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]

const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
if (built.status !== 0) process.exit(1)
const [metrics, admin, barePort] = [await freePort(), await freePort(), await freePort()]
const config = join(folder, 'millrace.yaml')
writeFileSync(
  config,
  `receivers: { node: {} }
exporters: { prometheus: { endpoint: "127.0.0.1:${metrics}" } }
service:
  admin: { endpoint: "127.0.0.1:${admin}" }
  pipelines: { metrics: { receivers: [node], exporters: [prometheus] } }
`,
)
const bare = join(folder, 'bare.mjs')
writeFileSync(
  bare,
  `import http from 'node:http'\nhttp.createServer((_, r) => r.end('bare')).listen(${barePort}, '127.0.0.1')\n`,
)

const agent: Round[] = []
const node: Round[] = []
const page = `http://127.0.0.1:${metrics}/metrics`
await run([join(root, 'dist/entry.mjs'), 'run', '--config', config], page, 'node_load1') // fills the compile cache
for (let i = 0; i < ROUNDS; i++) {
  agent.push(await run([join(root, 'dist/entry.mjs'), 'run', '--config', config], page, 'node_load1'))
  node.push(await run([bare], `http://127.0.0.1:${barePort}/`, 'bare'))
}
const line = (name: string, rounds: Round[]) =>
  console.log(
    `${name.padEnd(28)} ready after ${median(rounds.map(r => r.readyMs)).toFixed(0)} ms, RSS ${median(rounds.map(r => r.rssMb)).toFixed(1)} MB (median of ${ROUNDS})`,
  )
line('millrace, node → prometheus', agent)
line('bare node:http', node)
const extra = median(agent.map(r => r.rssMb)) - median(node.map(r => r.rssMb))
console.log(`RSS above bare Node: ${extra.toFixed(1)} MB`)
rmSync(folder, { recursive: true })
