import type { Admission, Reservable, Ticket } from '../../src/component/admission.ts'
import { RefusedError } from '../../src/component/errors.ts'

/** Room for one request, which grows as its true size becomes known. It is the ticket of the batch that the request becomes. */
export class Admitted implements Ticket {
  readonly refused = false
  readonly #admission: Admission
  readonly #tickets: Ticket[] = []
  #sizeBytes = 0

  constructor(admission: Admission) {
    this.#admission = admission
  }

  /** Makes sure of room for `sizeBytes` in all; throws RefusedError when there is none. */
  reserve(sizeBytes: number): void {
    const more = sizeBytes - this.#sizeBytes
    if (more <= 0) return
    const ticket = this.#admission.reserve(more)
    if (ticket.refused) throw new RefusedError(ticket.reason, ticket.heldBy, ticket.retryAfterMs)
    this.#tickets.push(ticket)
    this.#sizeBytes = sizeBytes
  }

  claim(reservable: Reservable): number {
    return this.#tickets.reduce((sum, ticket) => sum + ticket.claim(reservable), 0)
  }

  release(): void {
    for (const ticket of this.#tickets.splice(0)) ticket.release()
  }
}
