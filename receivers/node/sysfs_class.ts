import type { HostRoot } from '../../src/host/host_root.ts'
import { NoData } from './collector.ts'

/** Names in a folder of sysfs, sorted. Throws NoData where the kernel has no such folder: the hardware or driver is absent. */
export function listClass(sys: HostRoot, folder: string): string[] {
  if (!sys.exists(folder)) throw new NoData(`${folder} does not exist`)
  return sys.list(folder)
}

/** Names in a folder that match, sorted; none where there is no such folder. */
export function matching(sys: HostRoot, folder: string, pattern: RegExp): string[] {
  return sys.exists(folder) ? sys.list(folder).filter(name => pattern.test(name)) : []
}
