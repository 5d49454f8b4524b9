import type { Admission, Refusal, Reservable, Ticket } from '../component/admission.ts'

/** How long a refused sender is asked to wait. */
const RETRY_AFTER_MS = 1000

/**
 * Reserves in all of `reservables()` or in none: between the first question and the last nothing else runs, so a fan-out
 * never has one branch that takes a batch and another that has no room for it.
 */
export function createAdmission(reservables: () => readonly Reservable[]): Admission {
  return {
    reserve(sizeBytes) {
      const granted = new Map<Reservable, number>()
      for (const reservable of reservables()) {
        if (reservable.reserve(sizeBytes)) granted.set(reservable, sizeBytes)
        else {
          for (const [other, size] of granted) other.cancel(size)
          return refusal(reservable.name)
        }
      }
      return ticket(granted)
    },
  }
}

function refusal(heldBy: string): Refusal {
  return { refused: true, reason: 'no_room', heldBy, retryAfterMs: RETRY_AFTER_MS }
}

function ticket(granted: Map<Reservable, number>): Ticket {
  return {
    refused: false,
    claim(reservable) {
      const size = granted.get(reservable) ?? 0
      granted.delete(reservable)
      return size
    },
    release() {
      for (const [reservable, size] of granted) reservable.cancel(size)
      granted.clear()
    },
  }
}
