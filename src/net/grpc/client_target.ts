import { parseEndpoint } from '../../config/units.ts'

/** Where calls go. */
export type GrpcTarget =
  | { readonly host: string; readonly port: number; readonly secure?: boolean }
  | { readonly path: string; readonly secure?: undefined }

/**
 * `host:port`, `dns:///host:port`, `passthrough:///host:port`, `http://host:port` (without TLS), `https://host:port` (with it),
 * `unix:///path` and `unix:path`. Throws TypeError, which says what is wrong. grpc/doc/naming.md
 */
export function parseGrpcTarget(text: string): GrpcTarget {
  const [, scheme = '', rest = ''] = /^(dns|passthrough|https?|unix|[a-z][a-z\d+.-]*(?=:\/\/)):(.*)$/i.exec(text) ?? []
  switch (scheme.toLowerCase()) {
    case '':
      return hostAndPort(text)
    case 'dns':
    case 'passthrough':
      return hostAndPort(withoutAuthority(rest))
    case 'http':
    case 'https':
      return { ...hostAndPort(rest.replace(/^\/\//, '').replace(/\/$/, '')), secure: scheme.length === 5 }
    case 'unix':
      return { path: rest.replace(/^\/\/(?=\/)/, '') }
    default:
      throw new TypeError(`unknown scheme "${scheme}": write host:port, dns:///host:port or unix:///path`)
  }
}

/** `//authority/name` and `name` → name. */
function withoutAuthority(rest: string): string {
  const [, authority, name = rest] = /^\/\/([^/]*)\/(.*)$/.exec(rest) ?? []
  if (authority) throw new TypeError(`a name server of its own (${authority}) can't be chosen: write dns:///host:port`)
  return name
}

function hostAndPort(text: string): { host: string; port: number } {
  const endpoint = parseEndpoint(text)
  if (!endpoint || endpoint.port === 0) throw new TypeError('not an address: write host:port, such as 127.0.0.1:4317')
  return { host: endpoint.host || 'localhost', port: endpoint.port }
}
