import { readAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { matching } from '../sysfs_class.ts'

const errors = (name: string, help: string, ...labels: string[]) =>
  family(counter(`node_edac_${name}_errors_total`, help), ...labels)
const ROW = ['controller', 'csrow']
const CHANNEL = [...ROW, 'channel', 'dimm_label']

const ce = errors('correctable', 'Total correctable memory errors.', 'controller')
const ue = errors('uncorrectable', 'Total uncorrectable memory errors.', 'controller')
const rowCe = errors('csrow_correctable', 'Total correctable memory errors for this csrow.', ...ROW)
const rowUe = errors('csrow_uncorrectable', 'Total uncorrectable memory errors for this csrow.', ...ROW)
const channelCe = errors('channel_correctable', 'Total correctable memory errors for this channel.', ...CHANNEL)
const channelUe = errors('channel_uncorrectable', 'Total uncorrectable memory errors for this channel.', ...CHANNEL)

const FOLDER = 'devices/system/edac/mc'

/** Memory errors by controller, row and channel. Source: admin-guide/ras of the kernel's documentation. */
export const edac = defineCollector({
  name: 'edac',
  defaultEnabled: true,
  flags: {},
  families: [ce, ue, rowCe, rowUe, channelCe, channelUe],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      for (const name of matching(sys, FOLDER, /^mc\d/)) {
        const path = `${FOLDER}/${name}`
        const controller = number(name)
        samples.emit(ce, readCount(sys, `${path}/ce_count`), controller)
        samples.emit(rowCe, readCount(sys, `${path}/ce_noinfo_count`), controller, 'unknown')
        samples.emit(ue, readCount(sys, `${path}/ue_count`), controller)
        samples.emit(rowUe, readCount(sys, `${path}/ue_noinfo_count`), controller, 'unknown')
        yield
        for (const row of matching(sys, path, /^csrow\d/)) yield* collectRow(samples, sys, `${path}/${row}`, controller)
      }
    },
  }),
})

function* collectRow(samples: Samples, sys: HostRoot, path: string, controller: string): Steps {
  const row = number(path.slice(path.lastIndexOf('/') + 1))
  samples.emit(rowCe, readCount(sys, `${path}/ce_count`), controller, row)
  samples.emit(rowUe, readCount(sys, `${path}/ue_count`), controller, row)
  for (const file of matching(sys, path, /ch\d+_ce_count/)) {
    const channel = /ch(\d+)_ce_count/.exec(file)?.[1] ?? ''
    const labels = [
      controller,
      row,
      channel,
      dimmLabel(orNothing(() => readAttribute(sys, `${path}/ch${channel}_dimm_label`))),
    ]
    samples.emit(channelCe, readCount(sys, `${path}/${file}`), ...labels)
    const uncorrected = orNothing(() => readCount(sys, `${path}/ch${channel}_ue_count`))
    if (uncorrected !== undefined) samples.emit(channelUe, uncorrected, ...labels)
    yield
  }
}

/** Digits behind the letters: `mc0` → `0`. */
const number = (name: string) => /^[a-z]+(\d*)/.exec(name)?.[1] ?? ''

/** `mc#0csrow#2channel#1` → `mc0_csrow2_channel1`; what the BIOS wrote stays. */
export function dimmLabel(text: string | undefined): string {
  return text === undefined
    ? 'unknown'
    : text.replaceAll('#', '').replaceAll('csrow', '_csrow').replaceAll('channel', '_channel')
}

/** Throws what open(2) said, or ParseError. */
function readCount(sys: HostRoot, path: string): number {
  const text = readAttribute(sys, path)
  if (!/^\d+$/.test(text)) throw new ParseError(path, 'count', text)
  return Number(text)
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
