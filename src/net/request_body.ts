import type { IncomingMessage } from 'node:http'
import { TooLargeError } from './decompress.ts'

/** The client went away before the end of its request: there is nobody to answer. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError'
}

export interface AdmittedBodyOptions {
  /** More is refused with TooLargeError. */
  limitBytes: number
  /** Told how many bytes the body has, as soon as that is known and before memory is used; throws to refuse. */
  reserve(sizeBytes: number): void
}

/** A body of unknown length gets room in steps that double. */
const FIRST_STEP_BYTES = 64 * 1024

/** The whole body of a request, in an ArrayBuffer of its own, with room asked for before it is read. */
export function readAdmittedBody(request: IncomingMessage, options: AdmittedBodyOptions): Promise<Uint8Array> {
  const length = request.headers['content-length']
  const collector = length === undefined ? new UnknownLength(options) : new KnownLength(Number(length), options)
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      try {
        collector.push(chunk)
      } catch (error) {
        stop(error)
      }
    })
    const stop = (error: unknown) => {
      request.removeAllListeners('data')
      reject(error)
    }
    request.once('end', () => resolve(collector.finish()))
    request.once('error', () => stop(new ClientGoneError('the client closed the connection')))
    request.once('close', () => request.complete || stop(new ClientGoneError('the client closed the connection')))
  })
}

interface Collector {
  push(chunk: Buffer): void
  finish(): Uint8Array
}

class KnownLength implements Collector {
  readonly #body: Uint8Array
  #at = 0

  constructor(sizeBytes: number, { limitBytes, reserve }: AdmittedBodyOptions) {
    if (sizeBytes > limitBytes) throw tooLarge(limitBytes)
    reserve(sizeBytes)
    this.#body = new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)
  }
  /** Node's parser ends the body at its length. */
  push(chunk: Buffer): void {
    this.#body.set(chunk, this.#at)
    this.#at += chunk.length
  }
  finish(): Uint8Array {
    return this.#body
  }
}

class UnknownLength implements Collector {
  readonly #options: AdmittedBodyOptions
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0
  #roomBytes = 0

  constructor(options: AdmittedBodyOptions) {
    this.#options = options
    this.#grow(FIRST_STEP_BYTES)
  }
  push(chunk: Buffer): void {
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes > this.#options.limitBytes) throw tooLarge(this.#options.limitBytes)
    if (this.#sizeBytes > this.#roomBytes) this.#grow(Math.max(this.#sizeBytes, this.#roomBytes * 2))
    this.#chunks.push(chunk)
  }
  finish(): Uint8Array {
    const body = new Uint8Array(Buffer.allocUnsafeSlow(this.#sizeBytes).buffer)
    let at = 0
    for (const chunk of this.#chunks) {
      body.set(chunk, at)
      at += chunk.length
    }
    return body
  }
  #grow(sizeBytes: number): void {
    this.#roomBytes = Math.min(sizeBytes, this.#options.limitBytes)
    this.#options.reserve(this.#roomBytes)
  }
}

function tooLarge(limitBytes: number): TooLargeError {
  return new TooLargeError(`more than ${limitBytes} bytes`)
}
