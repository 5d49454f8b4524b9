import { readAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { listClass } from '../sysfs_class.ts'

const info = family(
  gauge('node_nvme_info', 'Non-numeric data from /sys/class/nvme/<device>, value is always 1.'),
  ...['device', 'firmware_revision', 'model', 'serial', 'state', 'cntlid'],
)
const INFO_FILES = ['firmware_rev', 'model', 'serial', 'state', 'cntlid']
const namespaceInfo = family(
  gauge('node_nvme_namespace_info', 'Information about NVMe namespaces. Value is always 1'),
  ...['device', 'nsid', 'ana_state'],
)
const ofNamespace = (name: string, help: string) => family(gauge(`node_nvme_namespace_${name}`, help), 'device', 'nsid')
const PATH = 'Available in /sys/class/nvme/<device>/<namespace>'
const capacity = ofNamespace(
  'capacity_bytes',
  'Capacity of the NVMe namespace in bytes. Computed as namespace_size * namespace_logical_block_size',
)
const size = ofNamespace('size_bytes', `Size of the NVMe namespace in bytes. ${PATH}/size`)
const used = ofNamespace('used_bytes', `Used space of the NVMe namespace in bytes. ${PATH}/nuse`)
const blockSize = ofNamespace(
  'logical_block_size_bytes',
  `Logical block size of the NVMe namespace in bytes. Usually 4Kb. ${PATH}/queue/logical_block_size`,
)

const FOLDER = 'class/nvme'

/** NVMe controllers and their namespaces. Source: sysfs-nvme and sysfs-block of the kernel's ABI documentation. */
export const nvme = defineCollector({
  name: 'nvme',
  defaultEnabled: true,
  flags: {},
  families: [info, namespaceInfo, capacity, size, used, blockSize],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const devices: { name: string; texts: string[]; namespaces: Namespace[] }[] = []
      for (const name of listClass(sys, FOLDER)) {
        const path = `${FOLDER}/${name}`
        const texts = INFO_FILES.map(file => readAttribute(sys, `${path}/${file}`))
        const namespaces: Namespace[] = []
        for (const entry of sys.list(path)) {
          const id = /nvme\d+n(\d+)/.exec(entry)?.[1]
          if (id !== undefined) namespaces.push(readNamespace(sys, `${path}/${entry}`, id))
          yield
        }
        devices.push({ name, texts, namespaces })
      }
      for (const { name, texts, namespaces } of devices) {
        samples.emit(info, 1, name, ...texts)
        for (const { id, anaState, sectors, usedBlocks, block } of namespaces) {
          samples.emit(namespaceInfo, 1, name, id, anaState)
          samples.emit(capacity, sectors * block, name, id)
          samples.emit(size, sectors * block, name, id)
          samples.emit(used, usedBlocks * block, name, id)
          samples.emit(blockSize, block, name, id)
        }
      }
    },
  }),
})

interface Namespace {
  readonly id: string
  readonly anaState: string
  /** What `size` says; node_exporter multiplies it with the block size, and so do we. */
  readonly sectors: number
  readonly usedBlocks: number
  readonly block: number
}

function readNamespace(sys: HostRoot, path: string, id: string): Namespace {
  const [usedBlocks, sectors, block] = ['nuse', 'size', 'queue/logical_block_size'].map(file =>
    parseCount(readAttribute(sys, `${path}/${file}`)),
  )
  const anaState = sys.tryRead(`${path}/ana_state`)?.toString('utf8').trim() ?? 'unknown'
  return { id, anaState, sectors, usedBlocks, block }
}

/** 0 for what is no number. */
export function parseCount(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : 0
}
