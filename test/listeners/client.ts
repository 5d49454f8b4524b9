import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export type Ask = Omit<RequestOptions, 'path' | 'port'> & { body?: string; tls?: boolean }

/** One request to 127.0.0.1, on a connection of its own unless an agent is given; rejects when it gets no answer. */
export function ask(port: number, path: string, { body, tls, ...options }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const own = { host: '127.0.0.1', agent: false, ...options, port, path }
    const sent = tls ? requestTls({ ...own, rejectUnauthorized: false }) : request(own)
    sent.once('error', reject)
    sent.once('response', response => {
      const { statusCode = 0, headers } = response
      text(response).then(body => resolve({ status: statusCode, headers, body }), reject)
    })
    sent.end(body)
  })
}

/** Keeps one connection open between requests. */
export const keepAlive = () => new Agent({ keepAlive: true, maxSockets: 1 })
