import { readFileSync } from 'node:fs'

const PLACES = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids']

/** Names of the PCI ID Repository. */
export class PciNames {
  /** By `8086`, `8086/1521`, `8086/1521/15d9/1521`; classes by `C 02`, `C 0200`, `C 020000`. */
  readonly #names: ReadonlyMap<string, string>

  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names
  }

  /** Names of vendor, device, subsystem's vendor, subsystem and class; what has none keeps its number. */
  labels([classId, ...ids]: readonly string[]): string[] {
    const [vendor, device, subVendor, subDevice] = ids.map(bare)
    const name = (key: string, fallback: string) => this.#names.get(key) ?? fallback
    return [
      name(vendor, vendor),
      name(`${vendor}/${device}`, device),
      name(subVendor, subVendor),
      name(`${vendor}/${device}/${subVendor}/${subDevice}`, subDevice),
      this.#className(bare(classId)),
    ]
  }

  #className(id: string): string {
    const known = [6, 4, 2].map(digits => this.#names.get(`C ${id.slice(0, digits)}`)).find(name => name !== undefined)
    return known ?? `Unknown class (${id})`
  }
}

const bare = (id: string) => id.replace(/^0x/, '')

/** Reads `file`, or that of the distribution when it is empty; no names when there is none. */
export function readPciNames(file: string): PciNames {
  for (const place of file === '' ? PLACES : [file]) {
    try {
      return new PciNames(parsePciIds(readFileSync(place, 'utf8')))
    } catch {
      // the next place
    }
  }
  return new PciNames(new Map())
}

/**
 * `8086  Intel Corporation`, devices below it behind a tab, their subsystems behind two; `C 02  Network controller` and its
 * subclasses and interfaces alike. Source: the head of pci.ids.
 */
export function parsePciIds(text: string): Map<string, string> {
  const names = new Map<string, string>()
  const above: string[] = []
  for (const line of text.split('\n')) {
    const [, tabs, id, name] = /^(\t{0,2})([^\t#].*?) {2}(.*)$/.exec(line) ?? []
    if (name === undefined) continue
    const depth = tabs.length
    const parents = above.slice(0, depth)
    const separator = parents[0]?.startsWith('C ') ? '' : '/'
    const own = depth === 2 && separator === '/' ? id.trim().split(/\s+/).join('/') : id.trim()
    above.splice(depth, above.length, own)
    names.set([...parents, own].join(separator), name.trim())
  }
  return names
}
