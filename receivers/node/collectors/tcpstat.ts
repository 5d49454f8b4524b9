import { FieldReader } from '../../../src/host/field_reader.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'

const connectionStates = family(gauge('node_tcp_connection_states', 'Number of connection states.'), 'state')

/** By the kernel's number of the state, include/net/tcp_states.h. */
const STATES =
  'unknown established syn_sent syn_recv fin_wait1 fin_wait2 time_wait close close_wait last_ack listen closing'.split(
    ' ',
  )
const COLON = 58
/** Columns before the state: number, local and remote address. */
const SKIPPED_COLUMNS = 3
const STEP_LINES = 500

/** TCP connections by state. Source: /proc/net/tcp and tcp6, the kernel's networking/proc_net_tcp.rst. */
export const tcpstat = defineCollector({
  name: 'tcpstat',
  defaultEnabled: false,
  flags: {},
  families: [connectionStates],
  create: (_flags, { proc }) => ({
    *collect(samples): Steps {
      const counts = new Map<string, number>()
      yield* countStates(yield* proc.readInSteps('net/tcp'), 'net/tcp', counts)
      if (proc.exists('net/tcp6')) yield* countStates(yield* proc.readInSteps('net/tcp6'), 'net/tcp6', counts)
      for (const [state, count] of counts) samples.emit(connectionStates, count, state)
    },
  }),
})

/** A heading, then `0: 0100007F:0035 00000000:0000 0A <tx>:<rx> …` in hexadecimal; adds to `counts`. Throws ParseError. */
export function* countStates(bytes: Buffer, file: string, counts: Map<string, number>): Generator<undefined, void> {
  const add = (state: string, count: number) => counts.set(state, (counts.get(state) ?? 0) + count)
  const reader = new FieldReader(file, bytes)
  reader.nextLine()
  for (let line = 1; reader.nextLine(); line++) {
    for (let i = 0; i < SKIPPED_COLUMNS; i++) reader.next()
    const state = STATES[reader.hex(`line ${line} st`)] ?? 'unknown'
    add('tx_queued_bytes', reader.hex(`line ${line} tx_queue`, COLON))
    add('rx_queued_bytes', reader.hex(`line ${line} rx_queue`))
    add(state, 1)
    if (line % STEP_LINES === 0) yield
  }
}
