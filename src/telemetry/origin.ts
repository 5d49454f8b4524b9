import type { Ticket } from '../component/admission.ts'

/** One run of a pull receiver (or one scrape of one target). Batches of the same run share it. */
export interface Collection {
  /** Receiver id, or receiver id and target: whose series this collection replaces. */
  readonly source: string
  /** Counts up by one for each collection of the source. */
  readonly sequence: number
  /** True when only part of the source was asked for (`collect[]`): other series stay as they are. */
  readonly partial: boolean
  /** False when something of the source could not be read. */
  readonly complete: boolean
}

/** Where a batch comes from; kept through edits, fan-out and queues. */
export interface Origin {
  /** Id of the receiver or connector that made the batch. */
  readonly receiver: string
  /** Address of the sender, for push receivers. */
  readonly peer?: string
  /** Request metadata on the receiver's allow-list; never authorization values. */
  readonly metadata?: ReadonlyMap<string, readonly string[]>
  readonly collection?: Collection
  /** The room that admission reserved for this batch; queues take theirs out of it. Never stored. */
  readonly ticket?: Ticket
}
