import { FieldReader } from '../../../src/host/field_reader.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, type Steps } from '../collector.ts'

const queues = family(
  gauge('node_udp_queues', 'Number of allocated memory in the kernel for UDP datagrams in bytes.'),
  'queue',
  'ip',
)
/** Sockets that are summed up between two pauses. */
const STEP_LINES = 500
/** Columns before tx_queue:rx_queue: number, local and remote address, state. */
const SKIPPED_COLUMNS = 4
const COLON = 58

/** Bytes that wait in UDP sockets. Source: /proc/net/udp and udp6, the kernel's networking/proc_net_tcp.rst. */
export const udpQueues = defineCollector({
  name: 'udp_queues',
  defaultEnabled: true,
  flags: {},
  families: [queues],
  create: (_flags, { proc }) => ({
    *collect(samples): Steps {
      let found = 0
      for (const [file, ip] of [
        ['net/udp', 'v4'],
        ['net/udp6', 'v6'],
      ]) {
        if (!proc.exists(file)) continue
        const sums = yield* sumQueues(yield* proc.readInSteps(file), file)
        samples.emit(queues, sums.tx, 'tx', ip)
        samples.emit(queues, sums.rx, 'rx', ip)
        found++
      }
      if (found === 0) throw new NoData('there is neither net/udp nor net/udp6')
    },
  }),
})

/** A heading, then `0: 0100007F:0035 00000000:0000 07 <tx>:<rx> …` in hexadecimal, one line a socket. Throws ParseError. */
export function* sumQueues(bytes: Buffer, file: string): Generator<undefined, { tx: number; rx: number }> {
  const sums = { tx: 0, rx: 0 }
  const reader = new FieldReader(file, bytes)
  reader.nextLine()
  for (let line = 1; reader.nextLine(); line++) {
    for (let i = 0; i < SKIPPED_COLUMNS; i++) reader.next()
    sums.tx += reader.hex(`line ${line} tx_queue`, COLON)
    sums.rx += reader.hex(`line ${line} rx_queue`)
    if (line % STEP_LINES === 0) yield
  }
  return sums
}
