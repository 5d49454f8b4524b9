import { writeSync } from 'node:fs'
import { type Clock, sleep } from '../component/clock.ts'

/** Requests that occupy a thread of the pool: with one of them stuck, `process.exit` never returns. */
const POOL_REQUESTS = new Set(['FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap', 'GetNameInfoReqWrap'])
const LOOKS = 10
const LOOK_EVERY_MS = 50

const occupied = (): number => process.getActiveResourcesInfo().filter(resource => POOL_REQUESTS.has(resource)).length

/**
 * Ends the process with `code`. Where calls still hang in the thread pool after half a second (a dead mount, a FIFO that
 * nobody writes) it ends by signalling itself: SIGTERM, which service managers take for a clean end, when code is 0, else
 * SIGKILL; as PID 1, where neither works, it aborts.
 */
export async function endProcess(code: number, clock: Clock): Promise<never> {
  for (let look = 0; look < LOOKS && occupied() > 0; look++) await awake(sleep(clock, LOOK_EVERY_MS))
  const stuck = occupied()
  if (stuck === 0) process.exit(code)
  writeSync(
    2,
    `millrace: ${stuck} system call${stuck > 1 ? 's' : ''} still out; ending by a signal instead of exit code ${code}\n`,
  )
  if (code === 0) {
    process.removeAllListeners('SIGTERM')
    process.kill(process.pid, 'SIGTERM')
  }
  process.kill(process.pid, 'SIGKILL')
  // Still here: as PID 1 of a container, whom the kernel spares signals of its own. A fault it does not.
  process.abort()
}

/** Keeps the event loop alive while a timer that would not do so runs. */
async function awake(work: Promise<void>): Promise<void> {
  const hold = setInterval(() => {}, 1000)
  try {
    await work
  } finally {
    clearInterval(hold)
  }
}
