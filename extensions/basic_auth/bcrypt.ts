import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { RefusedError } from '../../src/component/errors.ts'
import type { BcryptAnswer } from './bcrypt_worker.ts'

/** Comparisons that may wait: at some 60 ms each the last one is answered after 4 s. */
const MAX_WAITING = 64

interface Waiting {
  resolve(same: boolean): void
  reject(error: Error): void
}

/** Compares passwords with bcrypt hashes in a thread of its own, which is started by the first comparison. */
export class Bcrypt {
  /** Who says that there is no room, for messages. */
  readonly #id: string
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0

  constructor(id: string) {
    this.#id = id
  }

  /** Rejects with RefusedError when too many wait. */
  compare(password: string, hash: string): Promise<boolean> {
    if (this.#waiting.size >= MAX_WAITING) throw new RefusedError('too_many_logins', this.#id)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker ??= this.#start()
      this.#worker.postMessage({ id, password, hash })
    })
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#end(new Error('the agent is stopping'))
    await worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(workerPath(), { execArgv: [] })
    worker.unref()
    worker.on('message', ({ id, same }: BcryptAnswer) => {
      this.#waiting.get(id)?.resolve(same)
      this.#waiting.delete(id)
    })
    worker.once('error', error => this.#worker === worker && this.#end(error as Error))
    return worker
  }

  #end(error: Error): void {
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** Beside the bundle or above its chunks, else the source. */
function workerPath(): string {
  const places = ['./bcrypt_worker.mjs', '../bcrypt_worker.mjs', './bcrypt_worker.ts'].map(name =>
    fileURLToPath(new URL(name, import.meta.url)),
  )
  return places.find(path => existsSync(path)) ?? places[0]
}
