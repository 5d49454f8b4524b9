import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../component/clock.ts'
import type { FsAnswer, FsQuestion } from './fs_child.ts'
import type { FsStats } from './statfs.ts'

/** What node_exporter writes in `device_error` of a mount that does not answer. */
const STUCK: FsStats = { error: 'mountpoint timeout' }

/** Mounts that may hang at a time before the others must wait for them; a thread that waits costs 12 kB. */
const CHILD_THREADS = 64

/** A child that says nothing for less than this may still be starting. */
const MIN_SILENCE_MS = 2000

/** A started child, as `FsProcess` needs it. */
export interface FsChild {
  send(question: FsQuestion): void
  kill(): void
}
export interface FsChildEvents {
  answered(answer: FsAnswer): void
  /** It ended by itself or could not be started. */
  ended(reason: string): void
}

interface Outstanding {
  readonly path: string
  settle: (stats: FsStats) => void
  readonly answer: Promise<FsStats>
}

export interface FsProcessOptions {
  readonly clock: Clock
  /** How long a mount may take before it counts as stuck. */
  readonly timeoutMs: number
  /** Starts the child; by default the real one. */
  readonly start?: (events: FsChildEvents) => FsChild
}

/**
 * statfs(2) of mounts that may hang, asked by a child process that can be killed and that is started when first needed.
 * One question is outstanding a mount; a mount that does not answer in time is stuck until it does, and nobody waits for it again.
 */
export class FsProcess {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #start: (events: FsChildEvents) => FsChild
  readonly #outstanding = new Map<number, Outstanding>()
  readonly #stuck = new Set<string>()
  readonly #timers = new Set<() => void>()
  #child: FsChild | undefined
  #lastId = 0
  /** When the child was asked whether it is well; undefined once it said anything. */
  #pingedMs: number | undefined

  constructor({ clock, timeoutMs, start = startFsChild }: FsProcessOptions) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#start = start
  }

  /** Statistics by path. Resolves when every path has answered or is stuck, after the timeout at the latest; never rejects. */
  async ask(paths: readonly string[]): Promise<ReadonlyMap<string, FsStats>> {
    for (const path of this.#stuck) if (!paths.includes(path)) this.#stuck.delete(path)
    if (paths.length === 0) {
      this.close()
      return new Map()
    }
    const child = this.#living()
    const answers = paths.map(path => this.#question(child, path))
    const waiting = answers.filter(one => !this.#stuck.has(one.path))
    if (waiting.length > 0) {
      const cancel = this.#after(() => this.#timeOut(waiting))
      await Promise.all(waiting.map(one => one.answer))
      cancel()
    }
    const stats = await Promise.all(answers.map(one => (this.#stuck.has(one.path) ? STUCK : one.answer)))
    return new Map(paths.map((path, i) => [path, stats[i]]))
  }

  /** Kills the child; whoever waits is told that the mounts are stuck. A later question starts another one. */
  close(): void {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#end('the agent stops')
  }

  /** The child, asked for a sign of life; a new one in place of one that gave none in time. */
  #living(): FsChild {
    const now = this.#clock.monotonicMs()
    if (this.#pingedMs !== undefined && now - this.#pingedMs >= Math.max(this.#timeoutMs, MIN_SILENCE_MS))
      this.#end('it does not answer')
    const child = this.#child ?? this.#open()
    this.#pingedMs ??= now
    child.send({ id: 0 })
    return child
  }

  #open(): FsChild {
    const child: FsChild = this.#start({
      answered: answer => this.#answered(answer),
      ended: reason => {
        if (this.#child === child) this.#end(reason)
      },
    })
    this.#child = child
    return child
  }

  #question(child: FsChild, path: string): Outstanding {
    for (const known of this.#outstanding.values()) if (known.path === path) return known
    const { promise, resolve } = Promise.withResolvers<FsStats>()
    const id = ++this.#lastId
    const question = { path, settle: resolve, answer: promise }
    this.#outstanding.set(id, question)
    child.send({ id, path })
    return question
  }

  #answered({ id, stats }: FsAnswer): void {
    this.#pingedMs = undefined
    const question = this.#outstanding.get(id)
    if (!question || !stats) return
    this.#outstanding.delete(id)
    this.#stuck.delete(question.path)
    question.settle(stats)
  }

  #after(fn: () => void): () => void {
    const cancel = this.#clock.after(this.#timeoutMs, () => {
      this.#timers.delete(cancel)
      fn()
    })
    this.#timers.add(cancel)
    return () => {
      this.#timers.delete(cancel)
      cancel()
    }
  }

  /** The mounts of `waiting` that have not answered are stuck. */
  #timeOut(waiting: readonly Outstanding[]): void {
    const open = new Set(this.#outstanding.values())
    for (const question of waiting) {
      if (!open.has(question)) continue
      this.#stuck.add(question.path)
      question.settle(STUCK)
    }
  }

  #end(reason: string): void {
    this.#child?.kill()
    this.#child = undefined
    this.#pingedMs = undefined
    for (const { settle } of this.#outstanding.values()) settle({ error: `no statfs process: ${reason}` })
    this.#outstanding.clear()
  }
}

/** Forks `fs_child`: the bundle has it next to its main file, the sources next to this one. */
function startFsChild({ answered, ended }: FsChildEvents): FsChild {
  const child = fork(childPath(), [], {
    execArgv: [],
    env: { UV_THREADPOOL_SIZE: String(CHILD_THREADS) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.unref()
  child.channel?.unref()
  child.on('message', message => answered(message as FsAnswer))
  child.once('exit', (code, signal) => ended(`it ended with ${signal ?? code}`))
  child.once('error', error => ended(error.message))
  return {
    send: question => void child.send(question, undefined, undefined, () => {}),
    kill() {
      child.removeAllListeners()
      child.on('error', () => {})
      child.kill('SIGKILL')
      if (child.connected) child.disconnect()
    },
  }
}

function childPath(): string {
  const places = ['./fs_child.mjs', '../fs_child.mjs', './fs_child.ts'].map(name =>
    fileURLToPath(new URL(name, import.meta.url)),
  )
  return places.find(path => existsSync(path)) ?? places[0]
}
