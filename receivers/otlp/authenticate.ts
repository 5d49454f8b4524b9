import type { IncomingHttpHeaders } from 'node:http2'
import type { ServerAuth } from '../../src/component/types.ts'

/** Resolves when `auth` lets a request with these headers in; parameters of the URL that are allowed count as headers. */
export function authenticate(
  auth: ServerAuth,
  headers: IncomingHttpHeaders,
  url?: URL,
  params: readonly string[] = [],
): Promise<void> | void {
  return auth.authenticate(name => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    if (value !== undefined) return Array.isArray(value) ? value : [String(value)]
    const allowed = params.find(param => param.toLowerCase() === name)
    return allowed === undefined ? [] : (url?.searchParams.getAll(allowed) ?? [])
  })
}
