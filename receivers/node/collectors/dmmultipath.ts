import { readAttribute, readInteger, tryAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { listClass } from '../sysfs_class.ts'

const device = (name: string, help: string, ...labels: string[]) =>
  family(gauge(`node_dmmultipath_device_${name}`, help), 'device', 'sysfs_name', ...labels)

const info = device('info', 'Non-numeric information about a DM-multipath device.', 'uuid')
const active = device('active', 'Whether the multipath device-mapper device is active (1) or suspended (0).')
const size = device('size_bytes', 'Size of the multipath device in bytes, read from /sys/block/<dm>/size.')
const paths = device('paths', 'Number of paths for a multipath device.')
const pathsActive = device(
  'paths_active',
  'Number of paths in active state (SCSI running or NVMe live) for a multipath device.',
)
const pathsFailed = device('paths_failed', 'Number of paths not in active state for a multipath device.')
const pathState = family(
  gauge(
    'node_dmmultipath_path_state',
    'Reports the underlying device state for a multipath path, as read from /sys/block/<dev>/device/state.',
  ),
  ...['device', 'path', 'state'],
)

const FOLDER = 'block'
const SECTOR_BYTES = 512

/** Devices of multipath and their paths. Sources: sysfs-block-dm, sysfs-block of the kernel's ABI documentation. */
export const dmmultipath = defineCollector({
  name: 'dmmultipath',
  defaultEnabled: true,
  flags: {},
  families: [info, active, size, paths, pathsActive, pathsFailed, pathState],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const devices: Multipath[] = []
      for (const name of listClass(sys, FOLDER)) {
        const uuid = name.startsWith('dm-') ? tryAttribute(sys, `${FOLDER}/${name}/dm/uuid`) : undefined
        if (uuid?.startsWith('mpath-')) devices.push(readMultipath(sys, name, uuid))
        yield
      }
      for (const one of devices) write(samples, one)
    },
  }),
})

interface Multipath {
  /** Name of device mapper, `mpatha`, and of the kernel, `dm-3`. */
  readonly name: string
  readonly sysfsName: string
  readonly uuid: string
  readonly suspended: boolean
  readonly bytes: number
  readonly paths: readonly { readonly path: string; readonly state: string }[]
}

function readMultipath(sys: HostRoot, sysfsName: string, uuid: string): Multipath {
  const folder = `${FOLDER}/${sysfsName}`
  const slaves = sys.exists(`${folder}/slaves`) ? sys.list(`${folder}/slaves`) : []
  return {
    name: readAttribute(sys, `${folder}/dm/name`),
    sysfsName,
    uuid,
    suspended: readInteger(sys, `${folder}/dm/suspended`) === 1,
    bytes: readInteger(sys, `${folder}/size`) * SECTOR_BYTES,
    paths: slaves.map(path => ({ path, state: readAttribute(sys, `${FOLDER}/${path}/device/state`) })),
  }
}

/** Whether a path can be used: SCSI says running, NVMe live. */
export function isActive(state: string): boolean {
  return state === 'running' || state === 'live'
}

function write(samples: Samples, one: Multipath): void {
  const { name, sysfsName } = one
  const good = one.paths.filter(({ state }) => isActive(state)).length
  samples.emit(info, 1, name, sysfsName, one.uuid)
  samples.emit(active, one.suspended ? 0 : 1, name, sysfsName)
  samples.emit(size, one.bytes, name, sysfsName)
  for (const { path, state } of one.paths) samples.emit(pathState, 1, name, path, state)
  samples.emit(paths, one.paths.length, name, sysfsName)
  samples.emit(pathsActive, good, name, sysfsName)
  samples.emit(pathsFailed, one.paths.length - good, name, sysfsName)
}
