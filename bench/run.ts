// npm run bench [-- name …]: runs the benchmarks one after the other, each in a process of its own.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const all = readdirSync(here)
  .filter(file => file.endsWith('.ts') && file !== 'run.ts')
  .map(file => file.slice(0, -3))
const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !all.includes(name))
if (unknown.length > 0) {
  console.error(`unknown benchmark ${unknown.join(', ')}; there are: ${all.join(', ')}`)
  process.exit(2)
}
let failed = 0
for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`\n== ${name}`)
  const { status } = spawnSync(process.execPath, ['--expose-gc', join(here, `${name}.ts`)], { stdio: 'inherit' })
  if (status !== 0) failed++
}
process.exitCode = failed > 0 ? 1 : 0
