import type { Clock } from '../../src/component/clock.ts'
import type { AnyBatch } from '../../src/component/types.ts'
import { concat, retain, split } from '../../src/exporting/shape.ts'

export interface GroupOptions {
  readonly size: number
  /** 0: no limit. */
  readonly maxSize: number
  readonly timeoutMs: number
  readonly clock: Clock
  next(batch: AnyBatch): Promise<void>
  /** Nothing waits any more. */
  emptied(): void
}

/** A batch whose sender waits for what becomes of it. */
interface Waiting {
  readonly batch: AnyBatch
  release(): void
  resolve(): void
  reject(error: unknown): void
}

/** Joins batches. Each is answered for as what was made of it is: taken when all parts with items of it were taken. */
export class Group {
  readonly #options: GroupOptions
  #waiting: Waiting[] = []
  #items = 0
  #cancel = (): void => {}

  constructor(options: GroupOptions) {
    this.#options = options
  }

  add(batch: AnyBatch): Promise<void> {
    const { size, timeoutMs, clock } = this.#options
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, release: retain(batch), resolve, reject })
      this.#items += batch.itemCount
      if (timeoutMs === 0 || (size > 0 && this.#items >= size)) void this.flush()
      else if (this.#waiting.length === 1) this.#cancel = clock.after(timeoutMs, () => void this.flush())
    })
  }

  /** Hands on everything. Resolves when it was answered for, whatever the answer. */
  async flush(): Promise<void> {
    const waiting = this.#waiting
    this.#cancel()
    this.#waiting = []
    this.#items = 0
    this.#options.emptied()
    if (waiting.length === 0) return
    const { maxSize, next } = this.#options
    const parts = split(
      concat(waiting.map(({ batch }) => batch)),
      maxSize || Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    )
    const outcomes = await Promise.allSettled(parts.map(part => next(part)))
    let from = 0
    for (const one of waiting) {
      const to = from + one.batch.itemCount
      answer(one, failureOf(parts, outcomes, from, to))
      from = to
    }
  }
}

function answer({ release, resolve, reject }: Waiting, failure: PromiseRejectedResult | undefined): void {
  release()
  if (failure) reject(failure.reason)
  else resolve()
}

/** The first failure of a part that has one of the items `from` to `to`. */
function failureOf(
  parts: readonly AnyBatch[],
  outcomes: readonly PromiseSettledResult<void>[],
  from: number,
  to: number,
): PromiseRejectedResult | undefined {
  let start = 0
  for (const [i, part] of parts.entries()) {
    const end = start + part.itemCount
    const outcome = outcomes[i]
    if (start < to && end > from && outcome.status === 'rejected') return outcome
    start = end
  }
  return undefined
}
