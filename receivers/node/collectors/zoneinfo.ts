import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'

const zone = (name: string, help: string) => family(gauge(`node_zoneinfo_${name}`, help), 'node', 'zone')
const total = (name: string, help: string) => family(counter(`node_zoneinfo_${name}_total`, help), 'node', 'zone')

/** By the word that a line of /proc/zoneinfo begins with. */
const FIELDS: Readonly<Record<string, Family>> = {
  nr_free_pages: zone('nr_free_pages', 'Total number of free pages in the zone'),
  min: zone('min_pages', 'Zone watermark pages_min'),
  low: zone('low_pages', 'Zone watermark pages_low'),
  high: zone('high_pages', 'Zone watermark pages_high'),
  scanned: zone('scanned_pages', 'Pages scanned since last reclaim'),
  spanned: zone('spanned_pages', 'Total pages spanned by the zone, including holes'),
  present: zone('present_pages', 'Physical pages existing within the zone'),
  managed: zone('managed_pages', 'Present pages managed by the buddy system'),
  nr_active_anon: zone('nr_active_anon_pages', 'Number of anonymous pages recently more used'),
  nr_inactive_anon: zone('nr_inactive_anon_pages', 'Number of anonymous pages recently less used'),
  nr_isolated_anon: zone('nr_isolated_anon_pages', 'Temporary isolated pages from anon lru'),
  nr_anon_pages: zone('nr_anon_pages', 'Number of anonymous pages currently used by the system'),
  nr_anon_transparent_hugepages: zone(
    'nr_anon_transparent_hugepages',
    'Number of anonymous transparent huge pages currently used by the system',
  ),
  nr_active_file: zone('nr_active_file_pages', 'Number of active pages with file-backing'),
  nr_inactive_file: zone('nr_inactive_file_pages', 'Number of inactive pages with file-backing'),
  nr_isolated_file: zone('nr_isolated_file_pages', 'Temporary isolated pages from file lru'),
  nr_file_pages: zone('nr_file_pages', 'Number of file pages'),
  nr_slab_reclaimable: zone('nr_slab_reclaimable_pages', 'Number of reclaimable slab pages'),
  nr_slab_unreclaimable: zone('nr_slab_unreclaimable_pages', 'Number of unreclaimable slab pages'),
  nr_mlock_stack: zone('nr_mlock_stack_pages', 'mlock()ed pages found and moved off LRU'),
  nr_kernel_stack: zone('nr_kernel_stacks', 'Number of kernel stacks'),
  nr_mapped: zone('nr_mapped_pages', 'Number of mapped pages'),
  nr_dirty: zone('nr_dirty_pages', 'Number of dirty pages'),
  nr_writeback: zone('nr_writeback_pages', 'Number of writeback pages'),
  nr_unevictable: zone('nr_unevictable_pages', 'Number of unevictable pages'),
  nr_shmem: zone('nr_shmem_pages', 'Number of shmem pages (included tmpfs/GEM pages)'),
  nr_dirtied: total('nr_dirtied', 'Page dirtyings since bootup'),
  nr_written: total('nr_written', 'Page writings since bootup'),
  numa_hit: total('numa_hit', 'Allocated in intended node'),
  numa_miss: total('numa_miss', 'Allocated in non intended node'),
  numa_foreign: total('numa_foreign', 'Was intended here, hit elsewhere'),
  numa_interleave: total('numa_interleave', 'Interleaver preferred this zone'),
  numa_local: total('numa_local', 'Allocation from local node'),
  numa_other: total('numa_other', 'Allocation from other node'),
}

/** Zones of memory; fields of a whole node stand in its first zone. Source: proc_zoneinfo(5). */
export const zoneinfo = defineCollector({
  name: 'zoneinfo',
  defaultEnabled: false,
  flags: {},
  families: Object.values(FIELDS),
  create(_flags, { proc }) {
    const protections: Family[] = []
    const protectionOf = (i: number) => {
      protections[i] ??= zone(`protection_${i}`, `Protection array ${i}. field`)
      return protections[i]
    }
    return {
      *collect(samples): Steps {
        const text = (yield* proc.readInSteps('zoneinfo')).toString('latin1')
        for (const one of parseZoneinfo(text)) {
          for (const [field, value] of one.fields) samples.emit(FIELDS[field], value, one.node, one.zone)
          one.protection.forEach((value, i) => void samples.emit(protectionOf(i), value, one.node, one.zone))
          yield
        }
      },
    }
  },
})

export interface Zone {
  readonly node: string
  readonly zone: string
  readonly fields: ReadonlyMap<string, number>
  readonly protection: readonly number[]
}

/** Blocks that begin with `Node 0, zone  DMA`; fields that are no numbers are left out, as those that nobody knows. */
export function* parseZoneinfo(text: string): Generator<Zone> {
  for (const block of text.split(/^(?=Node )/m)) {
    const [, node, name] = /(\d+), zone\s+(\w+)/.exec(block) ?? []
    if (node === undefined) continue
    const fields = new Map<string, number>()
    for (const line of block.split('\n')) {
      const [, field, value] = /^\s*(\S+)\s+(-?\d+)(?:\s|$)/.exec(line) ?? []
      if (field !== undefined && Object.hasOwn(FIELDS, field)) fields.set(field, Number(value))
    }
    const protection = /^\s*protection: \(([\d, ]+)\)/m.exec(block)?.[1].split(', ').map(Number) ?? []
    yield { node, zone: name, fields, protection }
  }
}
