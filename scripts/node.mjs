import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { nodePath, toolEnv } from './setup.mjs'

/** Runs the pinned Node in this process's place: same input and output, signals passed on, its exit code becomes ours. */
export function becomeNode(args) {
  const child = spawn(nodePath(), args, { stdio: 'inherit', env: toolEnv() })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  // A terminal sends Ctrl-C to the child itself, and a second one may mean "at once".
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  if (process.env.npm_lifecycle_event) endWithParent(child)
  child.on('error', error => {
    process.stderr.write(`millrace: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

/** npm runs scripts under a shell, and a signal to npm ends that shell without reaching us. */
function endWithParent(child) {
  const parent = process.ppid
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref()
}
