import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { nodePath, toolEnv } from './setup.mjs'

const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']

/** Runs the pinned Node in this process's place: same input and output, signals passed on, its exit code becomes ours. */
export function becomeNode(args) {
  const child = spawn(nodePath(), args, { stdio: 'inherit', env: toolEnv() })
  for (const signal of forwarded) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    process.stderr.write(`millrace: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
