import type { NetworkInterfaceInfo } from 'node:os'

export interface InterfaceAddress {
  readonly device: string
  readonly address: string
  readonly prefixLength: string
  /** As Go's net.IP tells them apart; empty for what is none of them. */
  readonly scope: 'link-local' | 'interface-local' | 'global' | ''
}

/** Addresses of the devices that are up. An alias, `eth0:1`, counts as its device. */
export function interfaceAddresses(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): InterfaceAddress[] {
  return Object.entries(interfaces).flatMap(([name, list]) =>
    (list ?? []).map(({ address, cidr, family }) => ({
      device: name.replace(/:.*/, ''),
      address,
      prefixLength: cidr?.split('/')[1] ?? '',
      scope: family === 'IPv4' ? scope4(address) : scope6(address),
    })),
  )
}

function scope4(address: string): InterfaceAddress['scope'] {
  const [a, b, c] = address.split('.').map(Number)
  if (a === 127 || (a === 169 && b === 254) || (a === 224 && b === 0 && c === 0)) return 'link-local'
  const multicast = a >= 224 && a < 240
  return multicast || address === '0.0.0.0' || address === '255.255.255.255' ? '' : 'global'
}

function scope6(address: string): InterfaceAddress['scope'] {
  const first = Number.parseInt(address.split(':')[0] || '0', 16)
  if (address === '::1' || (first & 0xffc0) === 0xfe80 || (first & 0xff0f) === 0xff02) return 'link-local'
  if ((first & 0xff0f) === 0xff01) return 'interface-local'
  return first >= 0xff00 || address === '::' ? '' : 'global'
}
