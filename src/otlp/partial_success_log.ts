import type { Clock } from '../component/clock.ts'
import type { Logger, PartialDelivery, Signal } from '../component/types.ts'
import { RepeatLimit } from '../self/repeat_limit.ts'
import type { PartialSuccess } from './partial_success.ts'

const SHOWN_CHARACTERS = 500

/** Says what destinations say beside that they took a request: each text once a minute at most. */
export class PartialSuccessLog {
  readonly #log: Logger
  readonly #limit: RepeatLimit

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#limit = new RepeatLimit(clock)
  }

  /** What the chain is told. A message without rejected items is a warning of the destination. */
  delivered(signal: Signal, from: string, { rejected, message }: PartialSuccess): PartialDelivery | undefined {
    const text = message.slice(0, SHOWN_CHARACTERS)
    if (rejected > 0) this.warn(`${from} rejects some of the ${signal}: ${text || 'without a reason'}`)
    else if (text) this.warn(`${from} warns: ${text}`)
    return rejected > 0 ? { rejected, reason: 'partial_success' } : undefined
  }

  warn(message: string): void {
    this.#limit.pass(message, count =>
      this.#log.warn(count === undefined ? message : `${message} (${count} more times)`),
    )
  }

  close(): void {
    this.#limit.close()
  }
}
