import { readlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { readAttribute, readInteger, tryAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { listClass } from '../sysfs_class.ts'
import { type PciNames, readPciNames } from './pci_ids.ts'

const LOCATION = ['segment', 'bus', 'device', 'function']
const ofDevice = (name: string, help: string, ...labels: string[]) =>
  family(gauge(`node_pcidevice_${name}`, help), ...LOCATION, ...labels)

const infoHelp = 'Non-numeric data from /sys/bus/pci/devices/<location>, value is always 1.'
const INFO = [
  ...LOCATION.map(name => `parent_${name}`),
  ...['class_id', 'vendor_id', 'device_id', 'subsystem_vendor_id', 'subsystem_device_id', 'revision'],
]
const info = ofDevice('info', infoHelp, ...INFO)
const namedInfo = ofDevice(
  'info',
  infoHelp,
  ...INFO,
  ...['vendor_name', 'device_name', 'subsystem_vendor_name', 'subsystem_device_name', 'class_name'],
)
/** Files of the labels behind the parent's, and how many hexadecimal digits each has. */
const IDS = [
  ['class', 6],
  ['vendor', 4],
  ['device', 4],
  ['subsystem_vendor', 4],
  ['subsystem_device', 4],
  ['revision', 2],
] as const

/** File, family, the value of a device without it, and how the file is read. */
const NUMBERS: readonly (readonly [string, Family, number, (text: string, path: string) => number])[] = [
  [
    'max_link_speed',
    ofDevice('max_link_transfers_per_second', "Value of maximum link's transfers per second (T/s)"),
    -1,
    parseSpeed,
  ],
  ['max_link_width', ofDevice('max_link_width', "Value of maximum link's width (number of lanes)"), -1, parseNumber],
  [
    'current_link_speed',
    ofDevice('current_link_transfers_per_second', "Value of current link's transfers per second (T/s)"),
    -1,
    parseSpeed,
  ],
  [
    'current_link_width',
    ofDevice('current_link_width', "Value of current link's width (number of lanes)"),
    -1,
    parseNumber,
  ],
  [
    'd3cold_allowed',
    ofDevice('d3cold_allowed', 'Whether the PCIe device supports D3cold power state (0/1).'),
    0,
    parseFlag,
  ],
  [
    'sriov_drivers_autoprobe',
    ofDevice('sriov_drivers_autoprobe', 'Whether SR-IOV drivers autoprobe is enabled for the device (0/1).'),
    0,
    parseFlag,
  ],
  [
    'sriov_numvfs',
    ofDevice('sriov_numvfs', 'Number of Virtual Functions (VFs) currently enabled for SR-IOV.'),
    0,
    parseNumber,
  ],
  [
    'sriov_totalvfs',
    ofDevice('sriov_totalvfs', 'Total number of Virtual Functions (VFs) supported by the device.'),
    0,
    parseNumber,
  ],
  [
    'sriov_vf_total_msix',
    ofDevice('sriov_vf_total_msix', 'Total number of MSI-X vectors for Virtual Functions.'),
    0,
    parseNumber,
  ],
]
const powerState = ofDevice(
  'power_state',
  'PCIe device power state, one of: D0, D1, D2, D3hot, D3cold, unknown or error.',
  'state',
)
const POWER_STATES = ['D0', 'D1', 'D2', 'D3hot', 'D3cold', 'unknown', 'error']
const numaNode = ofDevice('numa_node', 'NUMA node number for the PCI device. -1 indicates unknown or not available.')

const FOLDER = 'bus/pci/devices'

/** PCI devices. Source: sysfs-bus-pci of the kernel's ABI documentation; names from pci.ids. */
export const pcidevice = defineCollector({
  name: 'pcidevice',
  defaultEnabled: false,
  flags: {
    idsfile: z.string().default('').describe('pci.ids for `names`; by default that of the distribution.'),
    names: z.boolean().default(false).describe('Give node_pcidevice_info the names of vendors, devices and classes.'),
  },
  families: [info, ...NUMBERS.map(([, one]) => one), powerState, numaNode],
  create({ idsfile, names }, { sys }) {
    let known: PciNames | undefined
    return {
      *collect(samples): Steps {
        if (names) known ??= readPciNames(idsfile)
        const devices: PciDevice[] = []
        for (const name of listClass(sys, FOLDER)) {
          devices.push(readDevice(sys, name))
          yield
        }
        for (const { location, parent, ids, numbers, power, numa } of devices) {
          const labels = [...location, ...parent, ...ids]
          if (known) samples.emit(namedInfo, 1, ...labels, ...known.labels(ids))
          else samples.emit(info, 1, ...labels)
          numbers.forEach((number, i) => void samples.emit(NUMBERS[i][1], number, ...location))
          if (power !== undefined)
            for (const state of POWER_STATES) samples.emit(powerState, state === power ? 1 : 0, ...location, state)
          if (numa !== -1) samples.emit(numaNode, numa, ...location)
          yield
        }
      },
    }
  },
})

interface PciDevice {
  readonly location: readonly string[]
  readonly parent: readonly string[]
  /** In the order of IDS. */
  readonly ids: readonly string[]
  readonly numbers: readonly number[]
  readonly power: string | undefined
  /** -1 where the device belongs to no node. */
  readonly numa: number
}

function readDevice(sys: HostRoot, name: string): PciDevice {
  const path = `${FOLDER}/${name}`
  const target = readlinkSync(join(sys.path, path))
  const parent = basename(dirname(target))
  const text = (file: string) => tryAttribute(sys, `${path}/${file}`) || undefined
  return {
    location: parseLocation(basename(target)),
    parent: parent.startsWith('pci') ? ['*', '*', '*', '*'] : parseLocation(parent),
    ids: IDS.map(([file, digits]) => `0x${readInteger(sys, `${path}/${file}`).toString(16).padStart(digits, '0')}`),
    numbers: NUMBERS.map(([file, , missing, parse]) => {
      const found = text(file)
      return found === undefined || found.startsWith('Unknown') ? missing : parse(found, `${path}/${file}`)
    }),
    power: text('power_state'),
    numa: parseNumber(readOptional(sys, `${path}/numa_node`) ?? '-1', `${path}/numa_node`),
  }
}

const readOptional = (sys: HostRoot, path: string) =>
  sys.has(path) ? readAttribute(sys, path) || undefined : undefined

/** `0000:3b:00.1` → segment, bus, device, function, in the digits that labels have. Throws ParseError. */
export function parseLocation(text: string): string[] {
  const [, ...parts] = /^([\da-f]+):([\da-f]+):([\da-f]+)\.([\da-f]+)$/i.exec(text) ?? []
  if (parts.length === 0) throw new ParseError(FOLDER, 'location', text)
  return parts.map((part, i) => Number.parseInt(part, 16).toString(16).padStart([4, 2, 2, 1][i], '0'))
}

/** `8.0 GT/s PCIe` → transfers a second. Throws ParseError. */
export function parseSpeed(text: string, path: string): number {
  const gigatransfers = /^(\d+(?:\.\d+)?) GT\/s PCIe$/.exec(text)?.[1]
  if (gigatransfers === undefined) throw new ParseError(path, 'speed', text)
  return Number(gigatransfers) * 1e9
}

function parseNumber(text: string, path: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new ParseError(path, 'number', text)
  return Number(text)
}

function parseFlag(text: string, path: string): number {
  return parseNumber(text, path) === 0 ? 0 : 1
}
