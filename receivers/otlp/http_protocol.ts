import type { IncomingMessage, ServerResponse } from 'node:http'
import { UnauthenticatedError } from '../../src/component/errors.ts'
import {
  type HttpHandler,
  type Logger,
  type Next,
  type Routes,
  type ServerAuth,
  SIGNALS,
  type Signal,
} from '../../src/component/types.ts'
import { type Cors, createCors } from '../../src/net/cors.ts'
import { decompress, type Encoding, isEncoding } from '../../src/net/decompress.ts'
import { ClientGoneError, readAdmittedBody } from '../../src/net/request_body.ts'
import { asRpcError } from '../../src/net/rpc_errors.ts'
import { RPC, RpcError } from '../../src/net/rpc_status.ts'
import { authenticate } from './authenticate.ts'
import type { HttpConfig } from './config.ts'
import { answerError, answerNotOtlp, answerTaken, NotOtlpError } from './http_answers.ts'
import { keptMetadata } from './metadata.ts'
import { Offer, type OfferContext } from './offer.ts'
import type { Format } from './read.ts'

const METHODS = 'POST, OPTIONS'
const DEFAULT_BODY_BYTES = 20 * 2 ** 20

export interface HttpProtocol {
  readonly config: HttpConfig
  readonly next: Next
  readonly context: OfferContext
  readonly auth: ServerAuth | undefined
  readonly log: Logger
}

/** OTLP/HTTP for the signals that a pipeline takes; the paths of others say that none does. OTLP specification, OTLP/HTTP. */
export function httpRoutes(protocol: HttpProtocol): Routes {
  const { config } = protocol
  const cors = createCors(config.cors)
  const routes: Routes = {}
  for (const signal of SIGNALS) routes[config[`${signal}_url_path`]] = signalHandler(protocol, signal, cors)
  return routes
}

function signalHandler(protocol: HttpProtocol, signal: Signal, cors: Cors | undefined): HttpHandler {
  const { config } = protocol
  return async (request, response, url) => {
    for (const [name, value] of Object.entries(config.response_headers)) response.setHeader(name, value)
    if (!config.keep_alives_enabled) response.setHeader('Connection', 'close')
    if (cors?.apply(request, response, METHODS)) return
    await new HttpExport(protocol, signal, request, response, url).run()
  }
}

/** One POST of an export request. */
class HttpExport {
  readonly #protocol: HttpProtocol
  readonly #signal: Signal
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #url: URL
  #format: Format = 'protobuf'

  constructor(protocol: HttpProtocol, signal: Signal, request: IncomingMessage, response: ServerResponse, url: URL) {
    this.#protocol = protocol
    this.#signal = signal
    this.#request = request
    this.#response = response
    this.#url = url
  }

  async run(): Promise<void> {
    const offer = this.#offer()
    try {
      const encoding = this.#readHeaders()
      await this.#authenticate()
      if (!offer)
        throw new RpcError(
          RPC.UNIMPLEMENTED,
          `no pipeline takes ${this.#signal} from ${this.#protocol.context.receiver}`,
        )
      await offer.take(await this.#body(offer, encoding), this.#format)
      answerTaken(this.#response, this.#format)
      offer.close()
    } catch (error) {
      this.#fail(error as Error, offer)
    }
  }

  #offer(): Offer | undefined {
    const consumer = this.#protocol.next[this.#signal]
    if (!consumer) return undefined
    const { config, auth, context } = this.#protocol
    const metadata = keptMetadata(this.#request.headers, config.include_metadata, auth?.headers ?? [])
    return new Offer(this.#signal, consumer, context, this.#request.socket.remoteAddress, metadata)
  }

  /** Method, content type and compression, or NotOtlpError. */
  #readHeaders(): Encoding | undefined {
    const { method, headers } = this.#request
    if (method !== 'POST') throw new NotOtlpError(405, `${method} is not possible here: OTLP is sent by POST`)
    const format = formatOf(headers['content-type'])
    if (!format) throw new NotOtlpError(415, 'the content type has to be application/x-protobuf or application/json')
    this.#format = format
    const encoding = (headers['content-encoding'] ?? '').toLowerCase()
    const taken = this.#protocol.config.compression_algorithms
    const known = encoding === 'identity' ? '' : encoding
    if (known === '' && taken.includes('')) return undefined
    const algorithm = known === 'zlib' ? 'deflate' : known
    if (isEncoding(algorithm) && taken.some(name => name === known)) return algorithm
    throw new NotOtlpError(415, `content encoding "${encoding}" is not taken here; there is ${taken.join(', ')}`)
  }

  async #authenticate(): Promise<void> {
    const { auth, config } = this.#protocol
    if (auth) await authenticate(auth, this.#request.headers, this.#url, config.auth?.request_params)
  }

  async #body(offer: Offer, encoding: Encoding | undefined): Promise<Uint8Array> {
    const limitBytes = this.#protocol.config.max_request_body_size || DEFAULT_BODY_BYTES
    const reserve = (sizeBytes: number) => offer.reserve(sizeBytes)
    const body = await readAdmittedBody(this.#request, { limitBytes, reserve })
    if (!encoding) return body
    const whole = await decompress(body, encoding, limitBytes)
    offer.reserve(whole.length)
    return whole
  }

  #fail(error: Error, offer: Offer | undefined): void {
    if (error instanceof ClientGoneError || this.#response.destroyed) offer?.close()
    else if (error instanceof NotOtlpError) {
      offer?.close(new RpcError(RPC.UNIMPLEMENTED, error.message))
      answerNotOtlp(this.#response, error)
    } else {
      const answer = this.#rpcError(error)
      offer?.close(answer)
      if (error instanceof UnauthenticatedError && error.challenge)
        this.#response.setHeader('WWW-Authenticate', error.challenge)
      answerError(this.#response, this.#format, answer)
    }
    // Closing with unread bytes resets the connection, and the client may lose the answer: read on and forget.
    this.#request.resume()
  }

  #rpcError(error: Error): RpcError {
    const known = asRpcError(error)
    if (known) return known
    this.#protocol.log.error('request failed', { path: this.#url.pathname, error })
    return new RpcError(RPC.INTERNAL, 'the request failed; the log says why', { cause: error })
  }
}

function formatOf(contentType: string | undefined): Format | undefined {
  const type = contentType?.split(';', 1)[0].trim().toLowerCase()
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf'
  return type === 'application/json' ? 'json' : undefined
}
