import { ParseError } from '../../../src/host/parse_error.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, present } from '../collector.ts'

const KIB = 1024
const count = (name: string, help: string) => family(counter(`node_drbd_${name}_total`, help), 'device')
const level = (name: string, help: string) => family(gauge(`node_drbd_${name}`, help), 'device')

/** Families of the keys that have numbers, and what these are multiplied with; the factor 1 of `nr` is node_exporter's. */
const NUMBERS: Readonly<Record<string, readonly [Family, number]>> = {
  ns: [count('network_sent_bytes', 'Total number of bytes sent via the network.'), KIB],
  nr: [count('network_received_bytes', 'Total number of bytes received via the network.'), 1],
  dw: [count('disk_written_bytes', 'Net data written on local hard disk; in bytes.'), KIB],
  dr: [count('disk_read_bytes', 'Net data read from local hard disk; in bytes.'), KIB],
  al: [count('activitylog_writes', 'Number of updates of the activity log area of the meta data.'), 1],
  bm: [count('bitmap_writes', 'Number of updates of the bitmap area of the meta data.'), 1],
  lo: [level('local_pending', 'Number of open requests to the local I/O sub-system.'), 1],
  pe: [
    level('remote_pending', 'Number of requests sent to the peer, but that have not yet been answered by the latter.'),
    1,
  ],
  ua: [
    level(
      'remote_unacknowledged',
      'Number of requests received by the peer via the network connection, but that have not yet been answered.',
    ),
    1,
  ],
  ap: [
    level('application_pending', 'Number of block I/O requests forwarded to DRBD, but not yet answered by DRBD.'),
    1,
  ],
  ep: [level('epochs', 'Number of Epochs currently on the fly.'), 1],
  oos: [level('out_of_sync_bytes', 'Amount of data known to be out of sync; in bytes.'), KIB],
}
/** Families of the keys that say what the two nodes are, and what is well. */
const PAIRS: Readonly<Record<string, readonly [Family, string]>> = {
  ro: [
    family(
      gauge('node_drbd_node_role_is_primary', 'Whether the role of the node is in the primary state.'),
      ...['device', 'node'],
    ),
    'Primary',
  ],
  ds: [
    family(
      gauge('node_drbd_disk_state_is_up_to_date', 'Whether the disk of the node is up to date.'),
      ...['device', 'node'],
    ),
    'UpToDate',
  ],
}
const connected = level('connected', 'Whether DRBD is connected to the peer.')

/** Mirrored disks of DRBD 8. Source: /proc/drbd, drbd(8) user's guide, section Status information in /proc/drbd. */
export const drbd = defineCollector({
  name: 'drbd',
  defaultEnabled: false,
  flags: {},
  families: [...Object.values(NUMBERS), ...Object.values(PAIRS)].map(([one]): Family => one).concat(connected),
  create: (_flags, { proc }) => ({
    collect(samples) {
      for (const { device, key, value } of parseDrbd(present(proc, 'drbd').toString('latin1'))) {
        if (Object.hasOwn(NUMBERS, key)) {
          const [one, factor] = NUMBERS[key]
          const number = Number(value || Number.NaN)
          if (Number.isNaN(number)) throw new ParseError('drbd', key, value)
          samples.emit(one, number * factor, device)
        } else if (Object.hasOwn(PAIRS, key)) {
          const [one, well] = PAIRS[key]
          const [local, remote] = value.split('/')
          samples.emit(one, local === well ? 1 : 0, device, 'local')
          samples.emit(one, remote === well ? 1 : 0, device, 'remote')
        } else if (key === 'cs') samples.emit(connected, value === 'Connected' ? 1 : 0, device)
      }
    },
  }),
})

/** Words `key:value` by the device whose number, ` 1:`, stands before them; other words say nothing. */
export function parseDrbd(text: string): { device: string; key: string; value: string }[] {
  const found: { device: string; key: string; value: string }[] = []
  let device = 'unknown'
  for (const word of text.split(/\s+/)) {
    const [key, value, more] = word.split(':')
    if (value === undefined || more !== undefined) continue
    if (value === '' && /^\d+$/.test(key)) device = `drbd${Number(key)}`
    else found.push({ device, key, value })
  }
  return found
}
