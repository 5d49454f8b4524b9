import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../ports.ts'

export interface ServerProcess {
  pid: number
  /** The last 64 kB of what it wrote. */
  output(): string
  /** Ends it by its pid and resolves when it is gone: SIGTERM, and SIGKILL after 10 s. */
  stop(): Promise<void>
}

interface Start {
  path: string
  args: string[]
  env?: NodeJS.ProcessEnv
  /** Asked every 50 ms; rejecting means not yet. */
  ready: () => Promise<boolean>
  timeoutMs?: number
}

/** Starts a server and resolves once it is ready; rejects with what it wrote when it ends first or takes too long. */
export async function startProcess({ path, args, env, ready, timeoutMs = 30_000 }: Start): Promise<ServerProcess> {
  const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const output = keepOutput(child)
  await once(child, 'spawn')
  const server = { pid: child.pid as number, output, stop: () => stop(child) }
  const deadline = Date.now() + timeoutMs
  while (!(await ready().catch(() => false))) {
    const ended = child.exitCode ?? child.signalCode
    if (ended !== null) throw new Error(`${path} ended with ${ended}:\n${output()}`)
    if (Date.now() > deadline) {
      await server.stop()
      throw new Error(`${path} was not ready within ${timeoutMs} ms:\n${output()}`)
    }
    await sleep(50)
  }
  return server
}

/** Starts a server on a free port of 127.0.0.1, on another one when somebody took it in between. */
export async function onFreePort<T>(start: (port: number) => Promise<T>, tries = 3): Promise<T> {
  try {
    return await start(await freePort())
  } catch (error) {
    if (tries > 1 && /address already in use/i.test(String(error))) return onFreePort(start, tries - 1)
    throw error
  }
}

/** Whether a GET is answered with 2xx. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await response.arrayBuffer()
  return response.ok
}

function keepOutput(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-64 * 1024)
    })
  }
  return () => text
}

async function stop(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(timer)
}
