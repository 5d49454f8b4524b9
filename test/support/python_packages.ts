import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const cache = process.env.MILLRACE_PYTHON ?? join(homedir(), '.cache/millrace-python')

/** A Python with packages of PyPI, in a folder of the user's cache. */
export interface PythonPackages {
  /** Sets it up where it is missing. Returns why it can't be had, or undefined. */
  obtain(): string | undefined
  /** Runs a script; resolves with its output, rejects with its last words. */
  run(script: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<Buffer>
}

/** `name` names the folder: change it with the versions. */
export function pythonPackages(name: string, packages: readonly string[]): PythonPackages {
  const folder = join(cache, name)
  const python = join(folder, 'bin/python3')
  return {
    obtain() {
      if (existsSync(python)) return undefined
      const fresh = `${folder}.${process.pid}`
      mkdirSync(cache, { recursive: true })
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]
      for (const [program, args] of [
        ['python3', ['-m', 'venv', '--copies', fresh]],
        [join(fresh, 'bin/python3'), install],
      ] as const) {
        const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 240_000 })
        if (status === 0) continue
        rmSync(fresh, { recursive: true, force: true })
        return `${name} can't be set up: ${error?.message ?? stderr.trim().split('\n').at(-1)}`
      }
      if (existsSync(folder)) rmSync(fresh, { recursive: true })
      else renameSync(fresh, folder)
      return undefined
    },
    async run(script, args = [], env = {}) {
      const options = { env: { ...process.env, ...env }, encoding: 'buffer', maxBuffer: 1 << 26 } as const
      try {
        return (await promisify(execFile)(python, [script, ...args], options)).stdout
      } catch (error) {
        throw new Error(
          String((error as { stderr?: Buffer }).stderr)
            .trim()
            .split('\n')
            .slice(-5)
            .join('\n'),
        )
      }
    },
  }
}
