import { readFileSync } from 'node:fs'
import { systemClock } from '../component/clock.ts'
import type { Components } from '../component/define.ts'
import { errorMessage, StartError } from '../component/errors.ts'
import { DEFAULT_CONFIG } from '../config/default_config.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problems.ts'
import { type Agent, type ReadConfig, startAgent } from './agent.ts'
import { endProcess } from './end_process.ts'
import { watchFiles } from './watch_files.ts'

export interface RunOptions {
  /** Paths; none for the embedded default config. */
  configFiles: readonly string[]
  /** Reload when a config file changes. */
  watch: boolean
  components: Components
  env: Readonly<Record<string, string | undefined>>
  onReady?: () => void
}

export const EXIT = { drained: 0, failed: 1, refused: 2, deadline: 3 } as const

/**
 * Runs the agent until a signal ends it, and then ends the process with: 0 drained, 1 failed at run time, 2 config
 * refused, 3 drain deadline passed.
 */
export async function runAgent(options: RunOptions): Promise<never> {
  return endProcess(await untilStopped(options), systemClock)
}

async function untilStopped({ configFiles, watch, components, env, onReady }: RunOptions): Promise<number> {
  const readConfig = configReader(configFiles, components, env)
  const { config, problems, warnings } = readConfig()
  for (const line of problems) process.stderr.write(`${line}\n`)
  if (!config) return EXIT.refused
  let agent: Agent
  try {
    agent = await startAgent({ readConfig, clock: systemClock }, config)
  } catch (error) {
    process.stderr.write(`millrace: ${error instanceof StartError ? '' : 'could not start: '}${errorMessage(error)}\n`)
    return EXIT.failed
  }
  for (const warning of warnings) agent.log.warn(warning)
  for (const line of agent.describe()) agent.log.info(line)
  const stopWatching = watch ? watchFiles(configFiles, systemClock, () => void agent.reload()) : () => {}
  const code = await ended(agent, onReady)
  stopWatching()
  return code
}

const readFile = (path: string): string => readFileSync(path, 'utf8')

function configReader(configFiles: readonly string[], components: Components, env: RunOptions['env']): ReadConfig {
  const files = configFiles.length > 0 ? [...configFiles] : [{ name: 'default config', text: DEFAULT_CONFIG }]
  return () => {
    const { config, problems, warnings } = loadConfig({ files, env, components, readFile })
    return { config, problems: problems.map(formatProblem), warnings }
  }
}

/** Resolves with the exit code once a signal or an error has ended the agent. A second signal does not wait for the drain. */
async function ended(agent: Agent, onReady?: () => void): Promise<number> {
  const reason = await new Promise<{ failed: boolean }>(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        agent.log.info(`${signal}: draining`)
        resolve({ failed: false })
      })
    process.on('SIGHUP', () => void agent.reload())
    for (const event of ['uncaughtException', 'unhandledRejection'] as const)
      process.on(event, error => {
        agent.log.error(`${event}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
        resolve({ failed: true })
      })
    onReady?.()
  })
  const impatient = new Promise<boolean>(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(false))
  })
  const drained = await Promise.race([agent.stop(), impatient])
  if (!drained) return EXIT.deadline
  return reason.failed ? EXIT.failed : EXIT.drained
}
