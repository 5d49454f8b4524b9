import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../component/types.ts'
import { localHost } from './address.ts'
import { HttpError, notFound, text } from './answers.ts'
import type { RouteTable } from './routes.ts'

/** Answers one request from the table; whatever a handler does, the request is answered or its connection ends. */
export async function dispatch(
  table: RouteTable,
  request: IncomingMessage,
  response: ServerResponse,
  log: Logger,
): Promise<void> {
  response.on('error', error => log.debug('answer not written', { error }))
  try {
    const url = requestUrl(request)
    const host = localHost(request.socket.localAddress)
    const match = table.match(url.pathname, host)
    if (match) await match.borrow.run(() => match.handler(request, response, url))
    else refuse(response, url.pathname, table.paths(host))
  } catch (error) {
    answerError(request, response, error, log)
  }
}

/** Without any route the address waits for its next borrower or for its end. */
function refuse(response: ServerResponse, path: string, served: readonly string[]): void {
  if (served.length > 0) notFound(response, path, served)
  else text(response, 503, 'Nothing is served here at the moment', { 'Retry-After': '1', Connection: 'close' })
}

function requestUrl(request: IncomingMessage): URL {
  const target = request.url as string
  const url = URL.parse(target.startsWith('/') ? `http://localhost${target}` : target)
  if (!url?.protocol.startsWith('http')) throw new HttpError(400, 'the request target is not a path')
  return url
}

function answerError(request: IncomingMessage, response: ServerResponse, error: unknown, log: Logger): void {
  const refused = error instanceof HttpError
  // No query: it may hold a secret.
  if (!refused) log.error('request failed', { method: request.method, path: request.url?.split('?', 1)[0], error })
  if (response.headersSent) response.destroy()
  else if (refused) text(response, error.status, error.message, { ...error.headers })
  else text(response, 500, 'The request failed; the log says why')
  // Closing with unread bytes resets the connection, and the client may lose the answer: read on and forget.
  request.resume()
}
