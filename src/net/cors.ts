import type { IncomingMessage, ServerResponse } from 'node:http'

/** Which pages in browsers may send to a server. Fetch Standard, HTTP extensions (CORS protocol). */
export interface CorsConfig {
  /** `*` stands for any text. */
  readonly allowed_origins: readonly string[]
  readonly allowed_headers: readonly string[]
  readonly exposed_headers: readonly string[]
  /** Seconds. */
  readonly max_age: number
}

/** Headers that a page may always set here besides those that it may set anywhere. */
const USUAL_HEADERS = ['accept', 'content-type', 'content-encoding', 'x-requested-with']

/** A scheme, a host name and a port are shorter. */
const MAX_ORIGIN_LENGTH = 300

/** Says to a browser what it may do; undefined when the config lets no origin in. */
export interface Cors {
  /** Adds what an answer needs. True when the request was a preflight, which is answered then. */
  apply(request: IncomingMessage, response: ServerResponse, methods: string): boolean
}

export function createCors(config: CorsConfig | undefined): Cors | undefined {
  if (!config || config.allowed_origins.length === 0) return undefined
  const origins = config.allowed_origins.map(pattern)
  const all = config.allowed_headers.includes('*')
  const headers = new Set([...USUAL_HEADERS, ...config.allowed_headers.map(name => name.toLowerCase())])
  const allows = (origin: string) => origin.length <= MAX_ORIGIN_LENGTH && origins.some(allowed => allowed.test(origin))
  return {
    apply(request, response, methods) {
      response.appendHeader('Vary', 'Origin')
      const { origin } = request.headers
      const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
      if (origin !== undefined && allows(origin)) {
        response.setHeader('Access-Control-Allow-Origin', origin)
        response.setHeader('Access-Control-Allow-Credentials', 'true')
        if (preflight) answerPreflight(request, response, methods, name => all || headers.has(name), config.max_age)
        else if (config.exposed_headers.length > 0)
          response.setHeader('Access-Control-Expose-Headers', config.exposed_headers.join(', '))
      }
      if (preflight) response.writeHead(204).end()
      return preflight
    },
  }
}

function answerPreflight(
  request: IncomingMessage,
  response: ServerResponse,
  methods: string,
  maySet: (header: string) => boolean,
  maxAgeSeconds: number,
): void {
  response.appendHeader('Vary', 'Access-Control-Request-Headers')
  const asked = (request.headers['access-control-request-headers'] ?? '')
    .split(',')
    .map(name => name.trim().toLowerCase())
  const allowed = asked.filter(name => name !== '' && maySet(name))
  response.setHeader('Access-Control-Allow-Methods', methods)
  if (allowed.length > 0) response.setHeader('Access-Control-Allow-Headers', allowed.join(', '))
  if (maxAgeSeconds > 0) response.setHeader('Access-Control-Max-Age', String(maxAgeSeconds))
}

function pattern(origin: string): RegExp {
  const parts = origin.split('*').map(part => part.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i')
}
