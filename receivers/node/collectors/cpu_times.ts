import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'

/** Columns of a cpu line of proc_stat(5), in its order. Guest time is in user and nice too. */
export const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
export const GUEST_MODES = ['user', 'nice'] as const
const COLUMNS = MODES.length + GUEST_MODES.length
const IDLE = 3
/** USER_HZ: clock ticks a second in files for users, whatever the kernel's own HZ. */
const TICKS_PER_SECOND = 100
/** Idle time that jumps back further than this means another CPU took the number. */
const JUMP_BACK_SECONDS = 3

/** Seconds by CPU number and column; columns that an old kernel lacks are 0. Throws ParseError. */
export function parseCpuTimes(bytes: Buffer): Map<number, Float64Array> {
  const cpus = new Map<number, Float64Array>()
  const reader = new FieldReader('stat', bytes)
  if (!reader.nextLine()) throw new ParseError('stat', 'cpu', '')
  do {
    if (!reader.next() || !reader.startsWith('cpu')) continue
    if (reader.is('cpu')) continue
    const number = cpuNumber(reader)
    const times = new Float64Array(COLUMNS)
    for (let column = 0; column < COLUMNS; column++) {
      const ticks = reader.optionalNumber(MODES[column] ?? 'guest')
      if (ticks === undefined) break
      times[column] = ticks / TICKS_PER_SECOND
    }
    cpus.set(number, times)
  } while (reader.nextLine())
  return cpus
}

function cpuNumber(reader: FieldReader): number {
  let number = 0
  for (let i = reader.start + 3; i < reader.stop; i++) {
    const digit = reader.bytes[i] - 48
    if (digit < 0 || digit > 9) throw new ParseError('stat', 'cpu number', reader.text)
    number = number * 10 + digit
  }
  return number
}

/**
 * CPU times that never go back, as counters must: the kernel's do, by rounding. A CPU whose idle time falls by 3 seconds or
 * more was replaced, and starts anew; one that is no longer listed is forgotten.
 */
export class CpuClocks {
  readonly #times = new Map<number, Float64Array>()

  get size(): number {
    return this.#times.size
  }
  has(cpu: number): boolean {
    return this.#times.has(cpu)
  }

  update(read: ReadonlyMap<number, Float64Array>): ReadonlyMap<number, Float64Array> {
    for (const [cpu, now] of read) {
      const known = this.#times.get(cpu)
      if (!known || known[IDLE] - now[IDLE] >= JUMP_BACK_SECONDS) this.#times.set(cpu, now)
      else for (let column = 0; column < COLUMNS; column++) known[column] = Math.max(known[column], now[column])
    }
    if (this.#times.size > read.size) for (const cpu of this.#times.keys()) if (!read.has(cpu)) this.#times.delete(cpu)
    return this.#times
  }
}
