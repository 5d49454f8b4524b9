import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

/*
 * The thread that compares passwords with bcrypt hashes, which takes long by intention.
 * agent → thread  { id, password, hash }     thread → agent  { id, same }
 */
export interface BcryptQuestion {
  readonly id: number
  readonly password: string
  readonly hash: string
}
export interface BcryptAnswer {
  readonly id: number
  readonly same: boolean
}

parentPort?.on('message', ({ id, password, hash }: BcryptQuestion) => {
  const answer: BcryptAnswer = { id, same: compareSync(password, hash) }
  parentPort?.postMessage(answer)
})
