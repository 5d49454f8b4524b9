import { type Hooks, runCommand } from './cli/program.ts'
import { processTerminal } from './cli/terminal.ts'

/** Runs the command that `argv` (without node and script) asks for; resolves with the exit code of the process. */
export async function main(argv: string[], hooks: Hooks = {}): Promise<number> {
  return runCommand(argv, processTerminal(), hooks)
}
