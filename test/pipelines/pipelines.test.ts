import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { spawnAgent } from '../support/agent_process.ts'
import { freePort } from '../support/ports.ts'

/**
 * Golden runs: a folder is a case. `config.yaml` is run by the product, the paths in `requests.txt` are asked for one after
 * another, and what is answered must be `expected.txt`. With UPDATE_GOLDEN=1 the answers are written there, to be read in the diff.
 */
const cases = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => entry.name)

/** Lines whose values differ from run to run: what remains of them is the series. */
const CHANGING = /^(node_scrape_collector_duration_seconds\{[^}]*\}) .*$/

async function answer(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  const lines = (await response.text()).trimEnd().split('\n')
  return [`== GET ${path}: ${response.status}`, ...lines.map(line => line.replace(CHANGING, '$1'))].join('\n')
}

describe('golden pipelines', () => {
  test.each(cases)('%s', async name => {
    const file = (part: string) => join(import.meta.dirname, name, part)
    const port = await freePort()
    const env = { PORT: String(port), ADMIN_PORT: String(await freePort()) }
    const agent = spawnAgent(['run', '--config', file('config.yaml')], { env })
    await agent.printed('health at')
    const answers: string[] = []
    for (const path of readFileSync(file('requests.txt'), 'utf8').trim().split('\n'))
      answers.push(await answer(port, path))
    agent.signal('SIGTERM')
    expect(await agent.exit).toBe(0)
    const got = `${answers.join('\n\n')}\n`
    if (process.env.UPDATE_GOLDEN) writeFileSync(file('expected.txt'), got)
    expect(existsSync(file('expected.txt'))).toBe(true)
    expect(got).toBe(readFileSync(file('expected.txt'), 'utf8'))
  })
})
