import { statfs } from 'node:fs'
import { errnoText, type FsStats, fsStats } from './statfs.ts'

/*
 * The killable process that asks file systems which may hang. It must start fast and is nothing but this:
 * parent → child   { id, path }  asks for statfs(path);  { id }  asks whether the process itself is well
 * child  → parent  { id, stats } answers the first,      { id }  the second
 * Every question waits in a thread of its own (the parent sets UV_THREADPOOL_SIZE); what hangs stays unanswered.
 */
export interface FsQuestion {
  readonly id: number
  readonly path?: string
}
export interface FsAnswer {
  readonly id: number
  readonly stats?: FsStats
}

function answer(message: FsAnswer): void {
  process.send?.(message, undefined, undefined, () => {})
}

process.on('message', ({ id, path }: FsQuestion) => {
  if (path === undefined) return answer({ id })
  statfs(path, (error, found) => answer({ id, stats: error ? { error: errnoText(error) } : fsStats(found) }))
})

// process.exit waits for the threads, which may hang: only a signal ends this process for sure.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
