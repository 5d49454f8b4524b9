import type { IncomingMessage } from 'node:http'
import { HttpError } from './answers.ts'

export interface BodyLimits {
  /** Most bytes to take; beyond them the request is refused with 413. */
  limitBytes: number
  /** Gives up reading, with the signal's reason. */
  signal?: AbortSignal
}

/**
 * The whole body of a request, in memory of its own. Rejects with HttpError 413 when it is too large and 400 when
 * the client goes away before its end.
 */
export async function readBody(request: IncomingMessage, { limitBytes, signal }: BodyLimits): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes)
  let sizeBytes = 0
  for await (const chunk of chunksOf(request, signal)) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  const body = new Uint8Array(sizeBytes)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}

/** Leaves the request open when the reader stops early: destroying it would destroy the connection before the answer. */
async function* chunksOf(request: IncomingMessage, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  signal?.throwIfAborted()
  const abort = () => request.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    yield* request.iterator({ destroyOnReturn: false })
  } catch (error) {
    signal?.throwIfAborted()
    throw new HttpError(400, `the request ended before its body did (${(error as Error).message})`)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

function tooLarge(limitBytes: number): HttpError {
  return new HttpError(413, `the body is larger than ${limitBytes} bytes`)
}
