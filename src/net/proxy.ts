import { BlockList, isIP } from 'node:net'

/** A proxy to connect through. */
export interface ProxyServer {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** Value of Proxy-Authorization. */
  readonly authorization?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for requests to `target`: `proxyUrl` when it is given, else what HTTPS_PROXY or HTTP_PROXY (by the scheme of the
 * target) and NO_PROXY say, in upper or lower case. Throws TypeError for an address that is none.
 * As golang.org/x/net/http/httpproxy: this machine is never reached through a proxy of the environment.
 */
export function proxyFor(target: URL, proxyUrl: string | undefined, env: Environment): ProxyServer | undefined {
  if (proxyUrl) return parseProxy(proxyUrl)
  const name = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = env[name] || env[name.toLowerCase()]
  if (!value || isDirect(target, env.NO_PROXY || env.no_proxy || '')) return undefined
  return parseProxy(value)
}

/** `http://user:password@proxy:3128`; without a scheme it is http. */
export function parseProxy(text: string): ProxyServer {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (!url?.hostname) throw new TypeError('not the address of a proxy: write http://host:port')
  const { protocol, hostname, port, username, password } = url
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TypeError(`a proxy of ${protocol.slice(0, -1)} can't be used: only http and https can`)
  const secure = protocol === 'https:'
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    secure,
    host: bare(hostname),
    port: Number(port) || (secure ? 443 : 80),
    ...(username && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  }
}

/** `[::1]` → `::1`. */
export const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')

function isDirect(target: URL, noProxy: string): boolean {
  const host = bare(target.hostname).toLowerCase().replace(/\.$/, '')
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || (isIP(host) && loopback().check(host, family(host)))) return true
  return noProxy.split(',').some(entry => covers(entry.trim().toLowerCase(), host, port))
}

/** One entry of NO_PROXY: `*`, an address, a network, `example.com` (and below it), `.example.com` (only below it); each may have a port. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return inNetwork(entry, host)
  const [, name, onPort] = /^(\[[^\]]*\]|[^:]*|[^:]*:[^:]*:.*?)(?::(\d+))?$/.exec(entry) ?? []
  if (!name || (onPort !== undefined && onPort !== port)) return false
  const wanted = bare(name)
  if (isIP(wanted)) return wanted === host
  const below = wanted.replace(/^\*?\.?/, '.')
  return host.endsWith(below) || (!/^\*?\./.test(wanted) && host === wanted)
}

function inNetwork(entry: string, host: string): boolean {
  const [address, bits] = entry.split('/')
  if (!isIP(address) || !isIP(host) || !/^\d+$/.test(bits)) return false
  const network = new BlockList()
  try {
    network.addSubnet(address, Number(bits), family(address))
  } catch {
    return false
  }
  return network.check(host, family(host))
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

function loopback(): BlockList {
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8, 'ipv4')
  list.addAddress('::1', 'ipv6')
  return list
}
