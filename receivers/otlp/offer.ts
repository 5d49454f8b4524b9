import type { Admission } from '../../src/component/admission.ts'
import { PermanentError, RefusedError, ThrottledError, UnauthenticatedError } from '../../src/component/errors.ts'
import type { BatchOf, DropCounter, Next, Signal } from '../../src/component/types.ts'
import { RPC, type RpcCode, RpcError } from '../../src/net/rpc_status.ts'
import { WireError } from '../../src/otlp/reader.ts'
import { Admitted } from './admitted.ts'
import type { ClientShares } from './client_shares.ts'
import type { Format, Read } from './read.ts'

/** How long a sender is asked to wait when nobody says anything else. */
const RETRY_AFTER_MS = 1000

export interface OfferContext {
  /** Id of the receiver. */
  readonly receiver: string
  readonly admission: Admission
  readonly drops: DropCounter
  readonly shares: ClientShares
  readonly read: Read
}

/** The sender is told to wait since it sent more than all the others; over HTTP that is 429. */
export class OverShareError extends RpcError {
  override name = 'OverShareError'
}

/** One export request from its headers to its end, whatever it came by. */
export class Offer<S extends Signal = Signal> {
  readonly #signal: S
  readonly #consumer: NonNullable<Next[S]>
  readonly #context: OfferContext
  readonly #peer: string
  readonly #metadata: ReadonlyMap<string, readonly string[]> | undefined
  readonly #room: Admitted
  #state: 'open' | 'under way' | 'over' = 'open'

  constructor(
    signal: S,
    consumer: NonNullable<Next[S]>,
    context: OfferContext,
    peer: string | undefined,
    metadata: ReadonlyMap<string, readonly string[]> | undefined,
  ) {
    this.#signal = signal
    this.#consumer = consumer
    this.#context = context
    this.#peer = peer ?? ''
    this.#metadata = metadata
    this.#room = new Admitted(context.admission)
  }

  /** Makes sure of room for the request, of which `sizeBytes` are known to come. Throws RpcError. */
  reserve(sizeBytes: number): void {
    try {
      this.#room.reserve(sizeBytes)
    } catch (error) {
      throw this.#refusal(error as Error)
    }
  }

  /**
   * Hands the request on, and resolves when every pipeline took it. `bytes` are in an ArrayBuffer of their own that nobody
   * changes any more. Rejects with RpcError.
   */
  async take(bytes: Uint8Array, format: Format): Promise<void> {
    const batch = await this.#read(bytes, format)
    this.#context.shares.add(this.#peer, bytes.length)
    // Whoever has gone meanwhile was told nothing: they will send it again.
    if (this.#state === 'over') return
    this.#state = 'under way'
    try {
      if (batch.itemCount > 0) await this.#consumer.consume(batch)
    } catch (error) {
      throw this.#refusal(error as Error)
    } finally {
      this.#state = 'over'
      this.#room.release()
    }
  }

  /** The request is over. `error` is what it was answered with; undefined: success, or the sender has gone. */
  close(error?: Error): void {
    // What is under way keeps its room until the pipelines have settled.
    if (this.#state !== 'open') return
    this.#state = 'over'
    this.#room.release()
    this.#context.drops.refused(this.#signal, reasonOf(error), 1)
  }

  async #read(bytes: Uint8Array, format: Format): Promise<BatchOf<S>> {
    const { receiver, read } = this.#context
    const origin = { receiver, peer: this.#peer || undefined, metadata: this.#metadata, ticket: this.#room }
    try {
      return await read(this.#signal, bytes, format, origin)
    } catch (error) {
      if (error instanceof WireError) throw new RpcError(RPC.INVALID_ARGUMENT, error.message, { cause: error })
      throw error
    }
  }

  #refusal(error: Error): RpcError {
    const { message, cause } = { message: error.message, cause: error }
    if (error instanceof PermanentError) return new RpcError(RPC.INTERNAL, message, { cause })
    if (error instanceof ThrottledError) return unavailable(message, error.retryAfterMs, cause)
    if (!(error instanceof RefusedError)) return unavailable(message, RETRY_AFTER_MS, cause)
    if (!this.#context.shares.exceeds(this.#peer)) return unavailable(message, error.retryAfterMs, cause)
    const share = `${message}; this client sent more than all the others of late`
    return new OverShareError(RPC.UNAVAILABLE, share, { retryAfterMs: error.retryAfterMs, cause })
  }
}

function unavailable(message: string, retryAfterMs: number, cause: Error): RpcError {
  return new RpcError(RPC.UNAVAILABLE, message, { retryAfterMs, cause })
}

const REASONS: { readonly [C in RpcCode]?: string } = {
  [RPC.INVALID_ARGUMENT]: 'malformed',
  [RPC.INTERNAL]: 'malformed',
  [RPC.UNIMPLEMENTED]: 'unsupported',
  [RPC.RESOURCE_EXHAUSTED]: 'too_large',
  [RPC.UNAVAILABLE]: 'no_room',
  [RPC.DEADLINE_EXCEEDED]: 'too_slow',
  [RPC.UNAUTHENTICATED]: 'unauthenticated',
}

function reasonOf(error: Error | undefined): string {
  if (!error) return 'cancelled'
  if (error instanceof UnauthenticatedError) return 'unauthenticated'
  return (error instanceof RpcError && REASONS[error.code]) || 'failed'
}
