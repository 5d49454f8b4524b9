// npm test · npm run test:unit · npm run test:interop [-- vitest filters]. The last line is `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import { bundle, isStale } from './bundle.mjs'
import { obtainServers } from './servers.ts'
import { root } from './setup.mjs'

interface Counts {
  passed: number
  failed: number
  /** Test → why it did not run. */
  skipped: Map<string, string>
}

const tools = { 'type check': 'typescript/bin/tsc', lint: '@biomejs/biome/bin/biome' }

const [tier, ...filters] = process.argv.slice(2)
const counts: Counts = { passed: 0, failed: 0, skipped: new Map() }

switch (tier) {
  case 'unit':
    await runTests(['unit'])
    break
  case 'interop':
    await prepare()
    await check('peers', () => runNode(['test/peers/build.mjs']))
    await runTests(['interop'])
    break
  default:
    await check('type check', () => runNode([join('node_modules', tools['type check'])]))
    await check('lint', () => runNode([join('node_modules', tools.lint), 'ci', '.']))
    await prepare()
    await runTests(['unit', 'suite'])
}
finish()

/** Counts a step that either holds or not as one test. */
async function check(name: string, step: () => boolean | Promise<boolean>) {
  process.stdout.write(`\n${name}\n`)
  let ok = false
  try {
    ok = await step()
  } catch (error) {
    process.stdout.write(`${(error as Error).stack}\n`)
  }
  if (ok) counts.passed++
  else counts.failed++
  process.stdout.write(`${name}: ${ok ? 'passed' : 'failed'}\n`)
}

function runNode(args: string[]): boolean {
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

/** What tests of the whole agent need: its bundle and the servers it talks to. */
async function prepare() {
  if (existsSync(join(root, 'src/main.ts')) && isStale()) await check('bundle', async () => (await bundle()).length > 0)
  for (const [name, reason] of obtainServers()) process.stdout.write(`no ${name} package: ${reason}\n`)
}

async function runTests(projects: string[]) {
  const vitest = await startVitest('test', filters, { root, project: projects, watch: false, passWithNoTests: true })
  for (const module of vitest.state.getTestModules()) {
    if (module.errors().length > 0) counts.failed++
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed++
    for (const test of module.children.allTests()) {
      const result = test.result()
      if (result.state === 'passed') counts.passed++
      else if (result.state === 'skipped') {
        counts.skipped.set(`${module.relativeModuleId} > ${test.fullName}`, result.note ?? 'no reason given')
      } else counts.failed++
    }
  }
  counts.failed += vitest.state.getUnhandledErrors().length
  await vitest.close()
}

/** Where CI runs, a test that does not run is a failure, unless test/allowed-skips.txt says why it cannot. */
function finish() {
  const allowed = process.env.CI === 'true' ? allowedSkips() : undefined
  process.stdout.write('\n')
  for (const [name, reason] of counts.skipped) {
    const fails = allowed && !allowed.some(entry => name === entry || name.startsWith(`${entry} > `))
    if (fails) counts.failed++
    process.stdout.write(`skipped${fails ? ' (not allowed)' : ''}: ${name}: ${reason}\n`)
  }
  if (counts.passed === 0 && filters.length === 0) counts.failed ||= 1
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`)
  process.exit(counts.failed > 0 ? 1 : 0)
}

/** Lines of `<file> > <test> # <reason>`; the name of a file or of a describe block stands for all tests in it. */
function allowedSkips(): string[] {
  const path = join(root, 'test/allowed-skips.txt')
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  const entries = lines.filter(line => line.trim() && !line.startsWith('#'))
  return entries.map(line => {
    const [name, reason] = line.split(' # ')
    if (!reason?.trim()) throw new Error(`test/allowed-skips.txt: no reason given: ${line}`)
    return name.trim()
  })
}
