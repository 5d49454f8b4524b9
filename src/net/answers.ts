import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { HttpHandler } from '../component/types.ts'

/** A request that is refused with this status; handlers throw it, the listener answers it. */
export class HttpError extends Error {
  override name = 'HttpError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, message = STATUS_CODES[status] ?? '', headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** Answers with plain text; a line end is added. */
export function text(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  send(response, status, 'text/plain; charset=utf-8', `${body}\n`, headers)
}

/** Answers with `value` as JSON. */
export function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  send(response, status, 'application/json', JSON.stringify(value), headers)
}

function send(response: ServerResponse, status: number, type: string, body: string, headers: Record<string, string>) {
  const content = Buffer.from(body)
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': content.length, ...headers })
  response.end(content)
}

/** 404 that names what there is. */
export function notFound(response: ServerResponse, path: string, served: readonly string[]): void {
  text(response, 404, `Nothing is served at ${path} here. There is: ${served.join(' ')}`)
}

/** One handler for each method; GET also answers HEAD, and any other method gets 405. */
export function byMethod(handlers: Readonly<Record<string, HttpHandler>>): HttpHandler {
  const allowed = Object.keys(handlers).flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  return (request, response, url) => {
    const method = request.method === 'HEAD' ? 'GET' : (request.method as string)
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined
    if (!handler) throw new HttpError(405, `${request.method} is not possible here`, { Allow: allowed.join(', ') })
    return handler(request, response, url)
  }
}
