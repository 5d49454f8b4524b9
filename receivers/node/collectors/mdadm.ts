import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, present, type Samples, type Steps } from '../collector.ts'

const md = (name: string, help: string, ...labels: string[]) =>
  family(gauge(`node_md_${name}`, help), 'device', ...labels)

const state = md('state', 'Indicates the state of md-device.', 'state')
const disks = md('disks', 'Number of active/failed/spare disks of device.', 'state')
const disksRequired = md('disks_required', 'Total number of disks of device.')
const blocks = md('blocks', 'Total number of blocks on device.')
const blocksSynced = md('blocks_synced', 'Number of blocks synced on device.')
const raidDisks = md('raid_disks', 'Number of raid disks on device.')
const degraded = md('degraded', 'Number of degraded disks on device.')

const STATES = ['active', 'inactive', 'recovering', 'resync', 'check']

/** Software RAID. Sources: /proc/mdstat and /sys/block/<device>/md, md(4) and the kernel's admin-guide/md.rst. */
export const mdadm = defineCollector({
  name: 'mdadm',
  defaultEnabled: true,
  flags: {},
  families: [state, disks, disksRequired, blocks, blocksSynced, raidDisks, degraded],
  create: (_flags, { proc, sys }) => ({
    *collect(samples): Steps {
      for (const array of parseMdstat(present(proc, 'mdstat').toString('utf8'))) writeArray(samples, array)
      const devices = sys.exists('block') ? sys.list('block').filter(name => name.startsWith('md')) : []
      for (const device of devices) {
        if (sys.exists(`block/${device}/md`)) writeSysfs(samples, sys, device)
        yield
      }
    },
  }),
})

function writeArray(samples: Samples, array: MdArray): void {
  const { name } = array
  for (const one of STATES) samples.emit(state, one === array.state ? 1 : 0, name, one)
  samples.emit(disks, array.active, name, 'active')
  samples.emit(disks, array.failed, name, 'failed')
  samples.emit(disks, array.spare, name, 'spare')
  samples.emit(disksRequired, array.total, name)
  samples.emit(blocks, array.blocks, name)
  samples.emit(blocksSynced, array.blocksSynced, name)
}

/** Levels without a number of disks of their own, and those that can be degraded. */
const CONTAINERS = ['container', 'imsm', 'ddf', '']
const REDUNDANT = ['raid1', 'raid4', 'raid5', 'raid6', 'raid10']

function writeSysfs(samples: Samples, sys: HostRoot, device: string): void {
  const folder = `block/${device}/md`
  const level = sys.text(`${folder}/level`)
  // `4 (3)` while the array is reshaped from three disks to four.
  const count = CONTAINERS.includes(level) ? undefined : /^\d+(?= |$)/.exec(sys.text(`${folder}/raid_disks`))?.[0]
  if (count !== undefined) samples.emit(raidDisks, Number(count), device)
  samples.emit(degraded, REDUNDANT.includes(level) ? sys.number(`${folder}/degraded`) : 0, device)
}

export interface MdArray {
  readonly name: string
  readonly state: string
  readonly active: number
  readonly total: number
  readonly failed: number
  readonly spare: number
  readonly blocks: number
  readonly blocksSynced: number
}

/** Words of the line of a running action, and what the state is then called. The first that is found counts. */
const ACTIONS = [
  ['recovery', 'recovering'],
  ['reshape', 'reshaping'],
  ['check', 'check'],
  ['resync', 'resync'],
] as const

/**
 * Three or more lines an array: `md0 : active raid1 sda1[0] sdb1[1]`, `  1024 blocks [2/2] [UU]`, perhaps a bitmap, perhaps a
 * running action, and an empty one. Throws ParseError.
 */
export function parseMdstat(text: string): MdArray[] {
  const lines = text.split('\n')
  const arrays: MdArray[] = []
  lines.forEach((line, i) => {
    if (line.trim() === '' || /^( |unused|Personalities : )/.test(line)) return
    const [name, , current] = line.trim().split(/\s+/)
    if (current === undefined || lines.length <= i + 3) throw new ParseError('mdstat', name, line)
    const count = (mark: string) => line.split(mark).length - 1
    const sizes = parseStatus(line, lines[i + 1], name)
    const action = lines[i + 2].includes('bitmap') ? lines[i + 3] : lines[i + 2]
    const running = ACTIONS.find(([word]) => action.includes(word))?.[1]
    const synced = running === undefined ? sizes.blocks : parseSynced(action, name)
    arrays.push({
      ...{ name, ...sizes, state: running ?? current },
      ...{ failed: count('(F)'), spare: count('(S)'), blocksSynced: synced },
    })
  })
  return arrays
}

function parseStatus(deviceLine: string, line: string, name: string) {
  const [, size] = /^\s*(\d+)(?:\s|$)/.exec(line) ?? []
  if (size === undefined) throw new ParseError('mdstat', `${name} blocks`, line)
  const blocks = Number(size)
  if (/raid0|linear/.test(deviceLine)) {
    const total = deviceLine.split('[').length - 1
    return { blocks, total, active: total }
  }
  if (deviceLine.includes('inactive')) return { blocks, total: 0, active: 0 }
  const [, total, active] = /\d+ blocks .*\[(\d+)\/(\d+)\] \[[U_]+\]/.exec(line) ?? []
  if (active === undefined) throw new ParseError('mdstat', `${name} disks`, line)
  return { blocks, total: Number(total), active: Number(active) }
}

/** `[>…] recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec`, or that it waits for another. */
function parseSynced(line: string, name: string): number {
  if (/PENDING|DELAYED/.test(line)) return 0
  const [, synced] = /\((\d+)\/\d+\)/.exec(line) ?? []
  if (synced === undefined) throw new ParseError('mdstat', `${name} action`, line)
  return Number(synced)
}
