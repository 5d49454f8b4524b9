import { regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { tryInteger } from '../../../src/host/attribute.ts'
import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'
import { listClass } from '../sysfs_class.ts'

const total = (name: string, help: string) => family(counter(`node_tape_${name}`, help), 'device')
const SECONDS = 1e-9

/** File, family, what the file's number is multiplied with. */
const FILES: readonly (readonly [string, Family, number])[] = [
  [
    'in_flight',
    family(gauge('node_tape_io_now', 'The number of I/Os currently outstanding to this device.'), 'device'),
    1,
  ],
  [
    'io_ns',
    total(
      'io_time_seconds_total',
      'The amount of time spent waiting for all I/O to complete (including read and write). This includes tape movement commands such as seeking between file or set marks and implicit tape movement such as when rewind on close tape devices are used.',
    ),
    SECONDS,
  ],
  [
    'other_cnt',
    total(
      'io_others_total',
      'The number of I/Os issued to the tape drive other than read or write commands. The time taken to complete these commands uses the following calculation io_time_seconds_total-read_time_seconds_total-write_time_seconds_total',
    ),
    1,
  ],
  ['read_byte_cnt', total('read_bytes_total', 'The number of bytes read from the tape drive.'), 1],
  ['read_cnt', total('reads_completed_total', 'The number of read requests issued to the tape drive.'), 1],
  [
    'read_ns',
    total('read_time_seconds_total', 'The amount of time spent waiting for read requests to complete.'),
    SECONDS,
  ],
  ['write_byte_cnt', total('written_bytes_total', 'The number of bytes written to the tape drive.'), 1],
  ['write_cnt', total('writes_completed_total', 'The number of write requests issued to the tape drive.'), 1],
  [
    'write_ns',
    total('write_time_seconds_total', 'The amount of time spent waiting for write requests to complete.'),
    SECONDS,
  ],
  [
    'resid_cnt',
    total(
      'residual_total',
      'The number of times during a read or write we found the residual amount to be non-zero. This should mean that a program is issuing a read larger thean the block size on tape. For write not all data made it to tape.',
    ),
    1,
  ],
]

const FOLDER = 'class/scsi_tape'

/** Tape drives. Source: scsi/st of the kernel's documentation, section Sysfs and statistics for tape devices. */
export const tapestats = defineCollector({
  name: 'tapestats',
  defaultEnabled: true,
  flags: { ignored_devices: regex().default(new LazyRegex('^$')).describe('Devices to leave out.') },
  families: FILES.map(([, one]) => one),
  create({ ignored_devices: ignored }, { sys }) {
    const filter = new NameFilter(ignored, undefined)
    return {
      *collect(samples): Steps {
        const tapes: { name: string; values: number[] }[] = []
        // Each drive is there as nst0, st0a and more; the numbers are of st0.
        for (const name of listClass(sys, FOLDER).filter(one => /^st\d+$/.test(one))) {
          const folder = `${FOLDER}/${name}/stats`
          sys.list(folder)
          tapes.push({ name, values: FILES.map(([file]) => tryInteger(sys, `${folder}/${file}`) ?? 0) })
          yield
        }
        for (const { name, values } of tapes)
          if (!filter.ignores(name)) FILES.forEach(([, one, unit], i) => void samples.emit(one, values[i] * unit, name))
      },
    }
  },
})
