import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'

const threads = family(gauge('node_processes_threads', 'Allocated threads in system'))
const maxThreads = family(gauge('node_processes_max_threads', 'Limit of threads in the system'))
const threadsState = family(gauge('node_processes_threads_state', 'Number of threads in each state.'), 'thread_state')
const state = family(gauge('node_processes_state', 'Number of processes in each state.'), 'state')
const pids = family(gauge('node_processes_pids', 'Number of PIDs'))
const maxProcesses = family(gauge('node_processes_max_processes', 'Number of max PIDs limit'))

/** Processes and threads by state. Sources: proc_pid_stat(5), proc_sys_kernel(5). */
export const processes = defineCollector({
  name: 'processes',
  defaultEnabled: false,
  flags: {},
  families: [threads, maxThreads, threadsState, state, pids, maxProcesses],
  create: (_flags, { proc }) => ({
    *collect(samples): Steps {
      const states = new Map<string, number>()
      const threadStates = new Map<string, number>()
      let threadCount = 0
      let processCount = 0
      for (const pid of numbered(proc, '')) {
        const stat = readStat(proc, pid)
        yield
        if (!stat) continue
        processCount++
        threadCount += stat.threads
        add(states, stat.state)
        add(threadStates, stat.state)
        // A process of one thread is that thread.
        for (const thread of stat.threads > 1 ? numbered(proc, `${pid}/task`) : []) {
          const own = thread === pid ? undefined : readStat(proc, `${pid}/task/${thread}`)
          if (own) add(threadStates, own.state)
          yield
        }
      }
      samples.emit(threads, threadCount)
      samples.emit(maxThreads, proc.number('sys/kernel/threads-max'))
      for (const [name, count] of states) samples.emit(state, count, name)
      for (const [name, count] of threadStates) samples.emit(threadsState, count, name)
      const limit = proc.number('sys/kernel/pid_max')
      samples.emit(pids, processCount)
      samples.emit(maxProcesses, limit)
    },
  }),
})

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** Folders that are named by a number; none when the process has ended. */
function numbered(proc: HostRoot, folder: string): string[] {
  return gone(() => proc.list(folder).filter(name => /^\d+$/.test(name))) ?? []
}

function readStat(proc: HostRoot, folder: string): ProcessStat | undefined {
  return gone(() => parseProcessStat(proc.readOnce(`${folder}/stat`).toString('utf8')))
}

/** What `read` gives; undefined when the process has ended meanwhile. */
function gone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

export interface ProcessStat {
  readonly state: string
  readonly threads: number
}
/** Places of the fields behind the name, which stands in brackets and may hold brackets. */
const STATE = 0
const THREADS = 17

/** `26231 (vim) R 5392 …`. Throws ParseError. */
export function parseProcessStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const count = Number(fields[THREADS])
  if (fields.length <= THREADS || !Number.isInteger(count)) throw new ParseError('stat', 'num_threads', text)
  return { state: fields[STATE], threads: count }
}
