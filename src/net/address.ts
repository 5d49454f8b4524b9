import { lookup } from 'node:dns/promises'
import { isIP, isIPv4, SocketAddress } from 'node:net'
import { type Endpoint, parseEndpoint } from '../config/units.ts'

/** The host that stands for every address of the machine, IPv6 and IPv4. */
export const EVERY = ''
const EVERY_IPV4 = '0.0.0.0'

/**
 * `host:port` with the host as an IP address in its one spelling, or EVERY for `:port` and `[::]:port`. `localhost` is
 * 127.0.0.1, so that it means one socket. Rejects with the resolver's error when a name has no address.
 */
export async function listenAddress(endpoint: string): Promise<Endpoint> {
  const parsed = parseEndpoint(endpoint)
  if (!parsed) throw new TypeError(`not an address to listen on: ${endpoint}`)
  return { host: await canonicalHost(parsed.host), port: parsed.port }
}

async function canonicalHost(host: string): Promise<string> {
  if (host === EVERY || host.toLowerCase() === 'localhost') return host && '127.0.0.1'
  const address = isIP(host) ? host : (await lookup(host)).address
  if (isIPv4(address) || address.includes('%')) return address
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  return canonical === '::' ? EVERY : canonical
}

/** A socket's own address as listeners name it: `::ffff:127.0.0.1` → `127.0.0.1`. */
export function localHost(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? EVERY
}

/** True for addresses that only this machine can send from or to. */
export function isLoopback(address: string | undefined): boolean {
  const host = localHost(address)
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** True when a socket open on `wide` also gets the connections made to `host`. */
export function covers(wide: string, host: string): boolean {
  return wide === host || wide === EVERY || (wide === EVERY_IPV4 && isIPv4(host))
}

export function overlap(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a)
}

/** The fewest of these hosts that get every connection which all of them would get. */
export function widest(hosts: Iterable<string>): string[] {
  const all = [...new Set(hosts)]
  return all.filter(host => !all.some(other => other !== host && covers(other, host)))
}

/** `127.0.0.1:9464`, `[::1]:9464`, `:9464`. */
export function formatAddress({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
