import { readFileSync } from 'node:fs'
import { systemClock } from '../component/clock.ts'
import type { Components } from '../component/define.ts'
import { errorMessage, StartError } from '../component/errors.ts'
import { defaultConfig } from '../config/default_config.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problems.ts'
import { EXIT } from '../exit_codes.ts'
import { type Agent, type ReadConfig, startAgent } from './agent.ts'
import { endProcess } from './end_process.ts'
import { FileChanges } from './file_changes.ts'

export interface RunOptions {
  /** Paths; none for the embedded default config. */
  configFiles: readonly string[]
  /** Reload when a config file changes. */
  watch: boolean
  /** Those that a config text needs, or all. */
  loadComponents: (text?: string) => Promise<Components>
  env: Readonly<Record<string, string | undefined>>
  onReady?: () => void
}

/**
 * Runs the agent until a signal ends it, and then ends the process with: 0 drained, 1 failed at run time, 2 config
 * refused, 3 drain deadline passed.
 */
export async function runAgent(options: RunOptions): Promise<never> {
  return endProcess(await untilStopped(options), systemClock)
}

async function untilStopped({ configFiles, watch, loadComponents, env, onReady }: RunOptions): Promise<number> {
  const changes = new FileChanges(watch ? configFiles : [])
  const readConfig = configReader(configFiles, loadComponents, env)
  const { config, problems, warnings } = await readConfig()
  for (const line of problems) process.stderr.write(`${line}\n`)
  if (!config) return EXIT.refused
  const ending = new Ending()
  let agent: Agent
  try {
    agent = await startAgent({ readConfig, clock: systemClock }, config)
  } catch (error) {
    process.stderr.write(`millrace: ${error instanceof StartError ? '' : 'could not start: '}${errorMessage(error)}\n`)
    return EXIT.failed
  }
  process.on('SIGHUP', () => void agent.reload())
  for (const warning of warnings) agent.log.warn(warning)
  for (const line of agent.describe()) agent.log.info(line)
  const stopWatching = changes.watch(systemClock, () => void agent.reload())
  onReady?.()
  const { why, failed } = await ending.asked
  stopWatching()
  if (failed) agent.log.error(why)
  else agent.log.info(`${why}: draining`)
  const drained = await Promise.race([agent.stop(), ending.askedAgain.then(() => false)])
  if (!drained) return EXIT.deadline
  return failed ? EXIT.failed : EXIT.ok
}

/** What asks the process to end, from before anything starts: a signal then is not lost. A second signal does not wait for the drain. */
class Ending {
  readonly asked: Promise<{ why: string; failed: boolean }>
  readonly askedAgain: Promise<void>

  constructor() {
    const first = Promise.withResolvers<{ why: string; failed: boolean }>()
    const second = Promise.withResolvers<void>()
    let signals = 0
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (++signals > 1) second.resolve()
        first.resolve({ why: signal, failed: false })
      })
    for (const event of ['uncaughtException', 'unhandledRejection'] as const)
      process.on(event, error => first.resolve({ why: `${event}: ${described(error)}`, failed: true }))
    this.asked = first.promise
    this.askedAgain = second.promise
  }
}

function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

const readFile = (path: string): string => readFileSync(path, 'utf8')

/** A config that is refused is looked at once more with every component there is: old names, and hints at the right ones. */
function configReader(
  configFiles: readonly string[],
  loadComponents: RunOptions['loadComponents'],
  env: RunOptions['env'],
): ReadConfig {
  const files = configFiles.length > 0 ? [...configFiles] : [{ name: 'default config', text: defaultConfig(env) }]
  const load = (components: Components) => loadConfig({ files, env, components, readFile })
  return async () => {
    const text = files.map(file => (typeof file === 'string' ? textOf(file) : file.text)).join('\n')
    const first = load(await loadComponents(text))
    const { config, problems, warnings } = first.config ? first : load(await loadComponents())
    return { config, problems: problems.map(formatProblem), warnings }
  }
}

/** What can't be read has no words; the loader says why. */
function textOf(file: string): string {
  try {
    return readFile(file)
  } catch {
    return ''
  }
}
