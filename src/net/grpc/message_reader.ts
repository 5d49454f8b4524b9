import { RPC, RpcError } from '../rpc_status.ts'

// Length-Prefixed-Message → Compressed-Flag Message-Length Message; flag: 1 byte, length: 4 bytes, big endian.  gRPC over HTTP2
const PREFIX_BYTES = 5

/** Puts together the one message of a unary call. Memory is taken once its length is known and let in. */
export class MessageReader {
  readonly #limitBytes: number
  readonly #onLength: (sizeBytes: number) => void
  readonly #prefix = new Uint8Array(PREFIX_BYTES)
  #at = 0
  #body?: Uint8Array
  /** The flag of the message. */
  compressed = false

  /** `onLength` is told how many bytes will be needed, and throws to refuse. */
  constructor(limitBytes: number, onLength: (sizeBytes: number) => void) {
    this.#limitBytes = limitBytes
    this.#onLength = onLength
  }

  /** Takes the next bytes of the stream; throws RpcError for what is no message or a second one, or too large. */
  push(chunk: Uint8Array): void {
    let from = 0
    if (!this.#body) {
      from = Math.min(chunk.length, PREFIX_BYTES - this.#at)
      this.#prefix.set(from === chunk.length ? chunk : chunk.subarray(0, from), this.#at)
      this.#at += from
      if (this.#at < PREFIX_BYTES) return
      this.#body = this.#begin()
      this.#at = 0
    }
    if (this.#at + chunk.length - from > this.#body.length) {
      throw new RpcError(RPC.INTERNAL, 'more than the one message of a unary call')
    }
    this.#body.set(from === 0 ? chunk : chunk.subarray(from), this.#at)
    this.#at += chunk.length - from
  }

  /** The message once the stream has ended. */
  finish(): Uint8Array {
    if (this.#body?.length === this.#at) return this.#body
    throw new RpcError(RPC.INTERNAL, this.#body ? 'the message ended early' : 'no message')
  }

  #begin(): Uint8Array {
    const [flag, a, b, c, d] = this.#prefix
    if (flag > 1) throw new RpcError(RPC.INTERNAL, `unknown compressed flag ${flag}`)
    this.compressed = flag === 1
    const sizeBytes = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
    if (sizeBytes > this.#limitBytes) throw tooLarge(sizeBytes, this.#limitBytes)
    this.#onLength(sizeBytes)
    return new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)
  }
}

/** No RetryInfo: trying again would not help. */
export function tooLarge(sizeBytes: number | undefined, limitBytes: number): RpcError {
  const size = sizeBytes === undefined ? 'more bytes' : `${sizeBytes} bytes`
  return new RpcError(RPC.RESOURCE_EXHAUSTED, `a message of ${size} is over the limit of ${limitBytes}`)
}
