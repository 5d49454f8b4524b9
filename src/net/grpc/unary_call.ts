import type { IncomingHttpHeaders } from 'node:http2'
import type { Clock } from '../../component/clock.ts'
import type { GrpcCall, GrpcExchange, GrpcMethod, Logger } from '../../component/types.ts'
import { DecompressError, decompress, type Encoding, isEncoding, TooLargeError } from '../decompress.ts'
import { asRpcError } from '../rpc_errors.ts'
import { RPC, RpcError } from '../rpc_status.ts'
import type { YoungMemory } from '../young_memory.ts'
import { MessageReader, tooLarge } from './message_reader.ts'
import { parseTimeout } from './timeout.ts'

/** Where a call's answer goes: one HTTP/2 stream, whoever implements it. Only one of these is called, and once. */
export interface CallStream {
  answer(message: Uint8Array): void
  /** Ends the stream; what the client still sends is not wanted. */
  fail(error: RpcError): void
}

export interface CallContext {
  clock: Clock
  log: Logger
  /** Milliseconds that a client may take to send its message. */
  receiveTimeoutMs: number
  memory?: YoungMemory
}

/** One unary call from its headers to its end; the HTTP/2 side feeds it bytes. */
export class UnaryCall implements GrpcCall {
  readonly path: string
  readonly peer: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly #method: GrpcMethod
  readonly #stream: CallStream
  readonly #context: CallContext
  readonly #onOver: () => void
  #exchange?: GrpcExchange
  #reader?: MessageReader
  #encoding?: Encoding
  #timeoutMs?: number
  #cancelTimer = () => {}
  #over = false

  constructor(
    { path, peer, headers }: GrpcCall,
    method: GrpcMethod,
    stream: CallStream,
    context: CallContext,
    onOver: () => void,
  ) {
    this.path = path
    this.peer = peer
    this.headers = headers
    this.#method = method
    this.#stream = stream
    this.#context = context
    this.#onOver = onOver
  }

  /** Lets the method decide; bytes may be pushed once this is done. Never throws or rejects. */
  open(): void | Promise<void> {
    try {
      this.#readHeaders()
      const exchange = this.#method.open(this)
      if (exchange instanceof Promise) return this.#openLater(exchange)
      this.#opened(exchange)
    } catch (error) {
      this.#fail(error)
    }
  }

  push(chunk: Uint8Array): void {
    if (this.#over) return
    try {
      this.#reader?.push(chunk)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The client has sent everything. */
  end(): void {
    if (!this.#over) void this.#handle()
  }

  /** The client has gone, or its connection has. */
  cancel(): void {
    this.#finish()
  }

  #readHeaders(): void {
    const timeout = this.headers['grpc-timeout']
    if (timeout !== undefined) {
      this.#timeoutMs = parseTimeout(String(timeout))
      if (this.#timeoutMs === undefined) throw new RpcError(RPC.INTERNAL, 'malformed grpc-timeout')
    }
    const encoding = String(this.headers['grpc-encoding'] ?? 'identity')
    if (isEncoding(encoding)) this.#encoding = encoding
    else if (encoding !== 'identity') throw new RpcError(RPC.UNIMPLEMENTED, `unknown grpc-encoding ${encoding}`)
    this.#armTimer(Math.min(this.#timeoutMs ?? Number.POSITIVE_INFINITY, this.#context.receiveTimeoutMs))
  }

  async #openLater(opening: Promise<GrpcExchange>): Promise<void> {
    try {
      this.#opened(await opening)
    } catch (error) {
      this.#fail(error)
    }
  }

  #opened(exchange: GrpcExchange): void {
    this.#exchange = exchange
    if (this.#over) exchange.close()
    this.#reader = new MessageReader(this.#method.maxMessageBytes, sizeBytes => {
      exchange.reserve(sizeBytes)
      this.#context.memory?.allocated(2 * sizeBytes)
    })
  }

  async #handle(): Promise<void> {
    try {
      const exchange = this.#exchange as GrpcExchange
      const message = this.#message(exchange)
      this.#received()
      const answer = await exchange.handle(message instanceof Uint8Array ? message : await message)
      if (this.#over) return
      this.#finish()
      this.#stream.answer(answer)
    } catch (error) {
      this.#fail(error)
    }
  }

  #message(exchange: GrpcExchange): Uint8Array | Promise<Uint8Array> {
    const reader = this.#reader as MessageReader
    const message = reader.finish()
    if (!reader.compressed) return message
    if (!this.#encoding) throw new RpcError(RPC.INTERNAL, 'a compressed message without a grpc-encoding')
    return inflate(message, this.#encoding, this.#method.maxMessageBytes, exchange)
  }

  /** From now on only the client's own deadline counts. */
  #received(): void {
    if (this.#timeoutMs !== undefined && this.#timeoutMs <= this.#context.receiveTimeoutMs) return
    this.#cancelTimer()
    if (this.#timeoutMs !== undefined) this.#armTimer(this.#timeoutMs)
  }

  #armTimer(delayMs: number): void {
    this.#cancelTimer = this.#context.clock.after(delayMs, () => {
      this.#fail(new RpcError(RPC.DEADLINE_EXCEEDED, 'the call took too long'))
    })
  }

  #fail(error: unknown): void {
    if (this.#over) return
    const answer = this.#rpcError(error)
    this.#finish(answer)
    this.#stream.fail(answer)
  }

  #rpcError(error: unknown): RpcError {
    const known = asRpcError(error)
    if (known) return known
    this.#context.log.error('call failed', { method: this.path, error })
    return new RpcError(RPC.INTERNAL, 'the call failed; the log says why')
  }

  #finish(error?: RpcError): void {
    if (this.#over) return
    this.#over = true
    this.#cancelTimer()
    this.#exchange?.close(error)
    this.#onOver()
  }
}

async function inflate(message: Uint8Array, encoding: Encoding, limitBytes: number, exchange: GrpcExchange) {
  try {
    const whole = await decompress(message, encoding, limitBytes)
    exchange.reserve(whole.length)
    return whole
  } catch (error) {
    if (error instanceof TooLargeError) throw tooLarge(undefined, limitBytes)
    if (error instanceof DecompressError)
      throw new RpcError(RPC.INTERNAL, `can't decompress ${encoding}`, { cause: error })
    throw error
  }
}
