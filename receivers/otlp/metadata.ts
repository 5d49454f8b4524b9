import type { IncomingHttpHeaders } from 'node:http2'

export type IncludeMetadata = boolean | readonly string[]

/** Headers that hold credentials: never kept, whatever the config says. */
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
/** Names under which people send secrets: not kept unless they are asked for by name. */
const SUSPICIOUS =
  /auth|token|secret|passw|credential|session|signature|api-?key|access-?key|private-?key|jwt|csrf|xsrf/
/** What is about the connection or the encoding of this one request. */
const TRANSPORT =
  /^:|^(?:connection|content-.*|expect|grpc-.*|host|keep-alive|te|trailer|transfer-encoding|upgrade|accept(?:-.*)?)$/

/**
 * The headers that a receiver keeps with the data: those that `include` names, or all when it is true. `secret`: names of
 * headers that an authenticator reads, in lower case. Undefined when there is nothing to keep.
 */
export function keptMetadata(
  headers: IncomingHttpHeaders,
  include: IncludeMetadata,
  secret: readonly string[],
): ReadonlyMap<string, readonly string[]> | undefined {
  if (include === false) return undefined
  const named = include === true ? undefined : include.map(name => name.toLowerCase())
  const kept = new Map<string, readonly string[]>()
  for (const name of named ?? Object.keys(headers)) {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    if (value === undefined || CREDENTIALS.has(name) || secret.includes(name)) continue
    if (!named && (SUSPICIOUS.test(name) || TRANSPORT.test(name))) continue
    kept.set(name, Array.isArray(value) ? value : [String(value)])
  }
  return kept.size > 0 ? kept : undefined
}
