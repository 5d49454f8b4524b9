import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import { errorMessage } from '../../component/errors.ts'
import { decompress, isEncoding } from '../decompress.ts'
import { framedSnappyDecompress } from '../snappy_frames.ts'
import { errorOfHttp, statusOf, UnprocessedError } from './client_error.ts'
import { MessageReader } from './message_reader.ts'

/** Bytes of an answer; more is not read. */
const MAX_ANSWER_BYTES = 64 * 1024
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants

/** What came back of a call that the server took. */
export interface CallAnswer {
  /** Undefined when there is none that can be read; `unreadable` says why. */
  readonly message?: Uint8Array
  readonly unreadable?: string
}

/**
 * One unary call on a stream whose headers are sent: writes the message behind its length, and settles once the status is
 * there. Rejects with CallError (the server's status), NotGrpcError, UnprocessedError, the signal's reason, or another error
 * when the stream ends without a status.
 */
export function exchange(
  stream: ClientHttp2Stream,
  chunks: readonly Uint8Array[],
  compressed: boolean,
  signal: AbortSignal,
): Promise<CallAnswer> {
  return new Promise((resolve, reject) => {
    const answer = new Answer()
    const abort = () => {
      stream.close(NGHTTP2_CANCEL)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    let failure: Error | undefined
    stream.once('response', headers => answer.begin(headers))
    stream.once('trailers', trailers => answer.end(trailers))
    stream.on('data', (chunk: Buffer) => answer.push(chunk))
    stream.once('end', () => {
      // A connection that breaks ends its streams before any headers came.
      if (!answer.begun) return
      answer.finish().then(resolve, reject)
      // The server has decided before it has read everything.
      if (!stream.writableFinished) stream.close(NGHTTP2_NO_ERROR)
    })
    stream.on('error', error => {
      failure = error
    })
    stream.once('close', () => {
      signal.removeEventListener('abort', abort)
      if (!answer.ended) reject(broken(stream.rstCode, failure))
    })
    write(stream, chunks, compressed)
  })
}

/** One write to the socket for all of it. */
function write(stream: ClientHttp2Stream, chunks: readonly Uint8Array[], compressed: boolean): void {
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  // Length-Prefixed-Message → Compressed-Flag Message-Length Message
  const prefix = Buffer.allocUnsafe(5)
  prefix[0] = compressed ? 1 : 0
  prefix.writeUInt32BE(sizeBytes, 1)
  stream.cork()
  stream.write(prefix)
  for (const chunk of chunks) stream.write(chunk)
  stream.end()
  stream.uncork()
}

function broken(rstCode: number | undefined, failure: Error | undefined): Error {
  if (rstCode === NGHTTP2_REFUSED_STREAM) return new UnprocessedError('the server refused the stream')
  const why = failure ? errorMessage(failure) : `the stream was closed (HTTP/2 code ${rstCode})`
  return new Error(`the call ended without a status: ${why}`, { cause: failure })
}

/** Collects what comes back of one call. */
class Answer {
  /** The stream has said all that it will say. */
  ended = false
  #headers?: IncomingHttpHeaders
  #trailers?: IncomingHttpHeaders
  #reader?: MessageReader
  #unreadable?: string

  get begun(): boolean {
    return this.#headers !== undefined
  }

  begin(headers: IncomingHttpHeaders): void {
    this.#headers = headers
    this.#reader = new MessageReader(MAX_ANSWER_BYTES, () => {})
  }

  end(trailers: IncomingHttpHeaders): void {
    this.#trailers = trailers
  }

  push(chunk: Uint8Array): void {
    if (this.#unreadable !== undefined) return
    try {
      this.#reader?.push(chunk)
    } catch (error) {
      this.#unreadable = errorMessage(error)
    }
  }

  async finish(): Promise<CallAnswer> {
    this.ended = true
    const headers = this.#headers as IncomingHttpHeaders
    // Trailers-Only: the status is in the headers.
    const status = this.#trailers ?? headers
    const given = status['grpc-status'] !== undefined
    const foreign = given ? undefined : errorOfHttp(headers)
    const error = given ? statusOf(status) : (foreign ?? new Error('the call ended without a status'))
    if (error) throw error
    return this.#message()
  }

  /** The server took the call: whatever is wrong with its message changes nothing about that. */
  async #message(): Promise<CallAnswer> {
    if (this.#unreadable !== undefined) return { unreadable: this.#unreadable }
    try {
      const reader = this.#reader as MessageReader
      const message = reader.finish()
      return { message: reader.compressed ? await this.#decompressed(message) : message }
    } catch (error) {
      return { unreadable: errorMessage(error) }
    }
  }

  #decompressed(message: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const encoding = String(this.#headers?.['grpc-encoding'] ?? '')
    if (encoding === 'snappy') return framedSnappyDecompress(message, MAX_ANSWER_BYTES)
    if (!isEncoding(encoding)) throw new Error(`it is compressed by ${encoding || 'nothing that is named'}`)
    return decompress(message, encoding, MAX_ANSWER_BYTES)
  }
}
