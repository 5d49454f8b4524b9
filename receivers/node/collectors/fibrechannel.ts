import { tryAttribute, tryInteger } from '../../../src/host/attribute.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { listClass } from '../sysfs_class.ts'

const total = (name: string, help: string) => family(counter(`node_fibrechannel_${name}_total`, help), 'fc_host')

/** File of the host's statistics → family. */
const COUNTERS = [
  ['dumped_frames', total('dumped_frames', 'Number of dumped frames')],
  ['error_frames', total('error_frames', 'Number of errors in frames')],
  ['invalid_crc_count', total('invalid_crc', 'Invalid Cyclic Redundancy Check count')],
  ['rx_frames', total('rx_frames', 'Number of frames received')],
  ['rx_words', total('rx_words', 'Number of words received by host port')],
  ['tx_frames', total('tx_frames', 'Number of frames transmitted by host port')],
  ['tx_words', total('tx_words', 'Number of words transmitted by host port')],
  ['seconds_since_last_reset', total('seconds_since_last_reset', 'Number of seconds since last host port reset')],
  ['invalid_tx_word_count', total('invalid_tx_words', 'Number of invalid words transmitted by host port')],
  ['link_failure_count', total('link_failure', 'Number of times the host port link has failed')],
  ['loss_of_sync_count', total('loss_of_sync', 'Number of failures on either bit or transmission word boundaries')],
  ['loss_of_signal_count', total('loss_of_signal', 'Number of times signal has been lost')],
  ['nos_count', total('nos', 'Number Not_Operational Primitive Sequence received by host port')],
  ['fcp_packet_aborts', total('fcp_packet_aborts', 'Number of aborted packets')],
] as const

const TEXTS =
  'speed port_state port_type port_id port_name fabric_name symbolic_name supported_classes supported_speeds dev_loss_tmo'.split(
    ' ',
  )
/** These begin with `0x`, which their labels have not. */
const HEX = new Set(['port_id', 'port_name', 'fabric_name'])
const info = family(
  gauge('node_fibrechannel_info', 'Non-numeric data from /sys/class/fc_host/<host>, value is always 1.'),
  ...['fc_host', ...TEXTS],
)

const FOLDER = 'class/fc_host'
/** What adapters without the counter say: all bits set. */
const UNIMPLEMENTED = 2 ** 64
const ABSENT = new Set(['ENOENT', 'EOPNOTSUPP', 'ENOTSUP'])

/** Fibre Channel ports of this host. Source: scsi/scsi_fc_transport, sysfs-class-fc_host. */
export const fibrechannel = defineCollector({
  name: 'fibrechannel',
  defaultEnabled: true,
  flags: {},
  families: [info, ...COUNTERS.map(([, one]) => one)],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const hosts: { name: string; texts: string[]; counts: (number | undefined)[] }[] = []
      for (const name of listClass(sys, FOLDER)) {
        const path = `${FOLDER}/${name}`
        const texts = TEXTS.map(file => label(file, tryAttribute(sys, `${path}/${file}`) ?? ''))
        yield
        hosts.push({
          name,
          texts,
          counts: COUNTERS.map(([file]) => tryInteger(sys, `${path}/statistics/${file}`, ABSENT)),
        })
        yield
      }
      for (const { name, texts, counts } of hosts) {
        samples.emit(info, 1, name, ...texts)
        counts.forEach((count, i) => {
          if (count !== undefined && count !== UNIMPLEMENTED) samples.emit(COUNTERS[i][1], count, name)
        })
      }
    },
  }),
})

/** `0x5005076f1a2c` → `5005076f1a2c`, where the label has no prefix. */
export function label(file: string, text: string): string {
  return HEX.has(file) && text.length > 2 ? text.slice(2) : text
}
