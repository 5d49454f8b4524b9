import type { Ledger } from '../../src/pipeline/observe.ts'

/**
 * The invariant of the loss ledger: nothing is counted that was not there, and at rest nothing is missing.
 * Returns what is wrong, one line each.
 */
export function imbalances(ledger: Ledger, atRest = true): string[] {
  const wrong: string[] = []
  for (const { kind, id, signal, items } of ledger) {
    const { missing, inFlight } = items
    const limit = atRest ? 0 : inFlight
    if (missing < 0 || missing > limit)
      wrong.push(`${kind} ${id} ${signal}: ${missing} of ${items.accepted} items missing, ${inFlight} in flight`)
    if (atRest && inFlight !== 0) wrong.push(`${kind} ${id} ${signal}: ${inFlight} items still in flight`)
  }
  return wrong
}
