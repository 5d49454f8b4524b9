import { isIP } from 'node:net'
import type { Listen } from '../component/define.ts'
import { EVERY, overlap } from '../net/address.ts'
import type { ConfigPath, Problem } from './model.ts'
import { formatPath } from './problems.ts'
import { parseEndpoint } from './units.ts'

/** An address that the config opens, and the key that chose it. */
export interface Claim {
  readonly path: ConfigPath
  readonly endpoint: string
  readonly paths?: readonly string[]
}

/** What of the admin server nobody else may serve; `/`, `/health` and `/ready` are left to a health check that answers there. */
export const ADMIN_PATHS = ['/health/', '/metrics', '/-/', '/api/']

/** Addresses of a component, by the keys of its own config. */
export function claims(path: ConfigPath, listens: readonly Listen[]): Claim[] {
  return listens.map(({ key, endpoint, paths }) => ({ path: [...path, ...key.split('.')], endpoint, paths }))
}

/** Addresses that two settings want, with all of it or with the same path below it; the later one is told. */
export function checkAddresses(all: readonly Claim[]): Problem[] {
  return all.flatMap((claim, i) => {
    const rival = all.slice(0, i).find(earlier => collide(earlier, claim))
    return rival ? [{ path: claim.path, message: message(claim, rival) }] : []
  })
}

function collide(a: Claim, b: Claim): boolean {
  const [first, second] = [parseEndpoint(a.endpoint), parseEndpoint(b.endpoint)]
  if (!first || !second || first.port !== second.port || first.port === 0) return false
  if (!overlap(canonicalHost(first.host), canonicalHost(second.host))) return false
  return !a.paths || !b.paths || a.paths.some(path => b.paths?.includes(path))
}

/** As the listeners see hosts, without asking a name server. */
function canonicalHost(host: string): string {
  if (host.toLowerCase() === 'localhost') return '127.0.0.1'
  return isIP(host) === 6 && /^[0:]+$/.test(host) ? EVERY : host.toLowerCase()
}

function message(claim: Claim, rival: Claim): string {
  const shared = claim.paths?.find(path => rival.paths?.includes(path))
  const what =
    claim.endpoint === rival.endpoint ? claim.endpoint : `${claim.endpoint} (within ${rival.endpoint} or around it)`
  return `${what}${shared ? ` with path ${shared}` : ''} is already taken by ${formatPath(rival.path)}`
}
