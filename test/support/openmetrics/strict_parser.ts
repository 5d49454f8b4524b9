import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** PyPI's prometheus_client, whose OpenMetrics parser refuses what the specification does not allow. */
const PACKAGE = 'prometheus_client==0.26.0'
const cache = process.env.MILLRACE_PYTHON ?? join(homedir(), '.cache/millrace-python')
const folder = join(cache, PACKAGE.replace('==', '-'))
const python = join(folder, 'bin/python3')

export interface ParsedFamily {
  name: string
  type: string
  help: string
  unit: string
  samples: {
    name: string
    labels: Record<string, string>
    /** As Python writes it. */
    value: string
    seconds?: string
    exemplar?: { labels: Record<string, string>; value: number }
  }[]
}

/** Sets the parser up where it is missing, in a folder of the user's cache. Returns why it can't be had, or undefined. */
export function obtainStrictParser(): string | undefined {
  if (existsSync(python)) return undefined
  const fresh = `${folder}.${process.pid}`
  mkdirSync(cache, { recursive: true })
  const steps = [
    ['python3', '-m', 'venv', '--copies', fresh],
    [join(fresh, 'bin/python3'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE],
  ]
  for (const [program, ...args] of steps) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 120_000 })
    if (status === 0) continue
    rmSync(fresh, { recursive: true, force: true })
    return `${PACKAGE} can't be set up: ${error?.message ?? stderr.trim().split('\n').at(-1)}`
  }
  if (existsSync(folder)) rmSync(fresh, { recursive: true })
  else renameSync(fresh, folder)
  return undefined
}

/** Reads an OpenMetrics page. Throws with the parser's last words when it refuses the page. */
export function parseStrictly(page: Uint8Array): ParsedFamily[] {
  const script = join(import.meta.dirname, 'parse.py')
  const { status, stdout, stderr } = spawnSync(python, [script], { input: page, maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(String(stderr).trim().split('\n').at(-1))
  return JSON.parse(String(stdout))
}
