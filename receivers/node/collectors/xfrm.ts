import { FieldReader } from '../../../src/host/field_reader.ts'
import { ParseError } from '../../../src/host/parse_error.ts'
import { counter } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

/** What each counter of /proc/net/xfrm_stat stands for, by its name without Xfrm. */
const MEANINGS = {
  InError: 'All errors not matched by other',
  InBufferError: 'No buffer is left',
  InHdrError: 'Header error',
  InNoStates: 'No state is found i.e. Either inbound SPI, address, or IPsec protocol at SA is wrong',
  InStateProtoError: 'Transformation protocol specific error e.g. SA key is wrong',
  InStateModeError: 'Transformation mode specific error',
  InStateSeqError: 'Sequence error i.e. Sequence number is out of window',
  InStateExpired: 'State is expired',
  InStateMismatch: 'State has mismatch option e.g. UDP encapsulation type is mismatch',
  InStateInvalid: 'State is invalid',
  InTmplMismatch: 'No matching template for states e.g. Inbound SAs are correct but SP rule is wrong',
  InNoPols: 'No policy is found for states e.g. Inbound SAs are correct but no SP is found',
  InPolBlock: 'Policy discards',
  InPolError: 'Policy error',
  OutError: 'All errors which is not matched others',
  OutBundleGenError: 'Bundle generation error',
  OutBundleCheckError: 'Bundle check error',
  OutNoStates: 'No state is found',
  OutStateProtoError: 'Transformation protocol specific error',
  OutStateModeError: 'Transformation mode specific error',
  OutStateSeqError: 'Sequence error i.e. Sequence number overflow',
  OutStateExpired: 'State is expired',
  OutPolBlock: 'Policy discards',
  OutPolDead: 'Policy is dead',
  OutPolError: 'Policy error',
  FwdHdrError: 'Forward routing of a packet is not allowed',
  OutStateInvalid: 'State is invalid, perhaps expired',
  AcquireError: 'State hasn’t been fully acquired before use',
}
const snake = (name: string) => name.replace(/(?!^)[A-Z]/g, '_$&').toLowerCase()
const COUNTERS = Object.entries(MEANINGS).map(([name, help]) => ({
  name: `Xfrm${name}`,
  of: family(counter(`node_xfrm_${snake(name)}_packets_total`, help)),
}))

/** Errors of IPsec. Source: the kernel's networking/xfrm_proc.rst. */
export const xfrm = defineCollector({
  name: 'xfrm',
  defaultEnabled: false,
  flags: {},
  families: COUNTERS.map(({ of }) => of),
  create: (_flags, { proc }) => ({
    collect(samples) {
      const values = parseXfrm(proc.read('net/xfrm_stat'))
      for (const { name, of } of COUNTERS) samples.emit(of, values.get(name) ?? 0)
    },
  }),
})

/** `XfrmInError  1`, one line a counter. Throws ParseError. */
export function parseXfrm(bytes: Buffer): Map<string, number> {
  const values = new Map<string, number>()
  const reader = new FieldReader('net/xfrm_stat', bytes)
  while (reader.nextLine()) {
    reader.next()
    const name = reader.text
    values.set(name, reader.signed(name))
    if (reader.hasNext) throw new ParseError(reader.file, name, reader.rest)
  }
  return values
}
