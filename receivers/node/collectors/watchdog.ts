import { tryAttribute, tryInteger } from '../../../src/host/attribute.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { listClass } from '../sysfs_class.ts'

const value = (name: string, file = name) =>
  family(gauge(`node_watchdog_${name}`, `Value of /sys/class/watchdog/<watchdog>/${file}`), 'name')

/** File → family. */
const NUMBERS = [
  ['bootstatus', value('bootstatus')],
  ['fw_version', value('fw_version')],
  ['nowayout', value('nowayout')],
  ['timeleft', value('timeleft_seconds', 'timeleft')],
  ['timeout', value('timeout_seconds', 'timeout')],
  ['pretimeout', value('pretimeout_seconds', 'pretimeout')],
  ['access_cs0', value('access_cs0')],
] as const
const TEXTS = ['options', 'identity', 'state', 'status', 'pretimeout_governor']
const info = family(gauge('node_watchdog_info', 'Info of /sys/class/watchdog/<watchdog>'), 'name', ...TEXTS)

const FOLDER = 'class/watchdog'

/** Watchdog timers. Source: sysfs-class-watchdog of the kernel's ABI documentation. */
export const watchdog = defineCollector({
  name: 'watchdog',
  defaultEnabled: true,
  flags: {},
  families: [...NUMBERS.map(([, one]) => one), info],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const found: { name: string; numbers: (number | undefined)[]; texts: string[] }[] = []
      for (const name of listClass(sys, FOLDER)) {
        const numbers = NUMBERS.map(([file]) => tryInteger(sys, `${FOLDER}/${name}/${file}`))
        found.push({ name, numbers, texts: TEXTS.map(file => tryAttribute(sys, `${FOLDER}/${name}/${file}`) ?? '') })
        yield
      }
      for (const { name, numbers, texts } of found) {
        numbers.forEach((number, i) => void (number !== undefined && samples.emit(NUMBERS[i][1], number, name)))
        samples.emit(info, 1, name, ...texts)
      }
    },
  }),
})
