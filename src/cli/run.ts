import { loadComponents } from '../components.ts'
import type { Hooks } from './program.ts'
import type { Terminal } from './terminal.ts'

/** Runs the agent until a signal ends it; it ends the process itself, with the exit code. */
export async function run(
  configFiles: string[],
  watch: boolean,
  { env }: Terminal,
  { onReady }: Hooks,
): Promise<number> {
  const { runAgent } = await import('../agent/run_agent.ts')
  return runAgent({ configFiles, watch, loadComponents, env, onReady })
}
