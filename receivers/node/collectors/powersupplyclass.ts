import { regex } from '../../../src/config/fields.ts'
import { LazyRegex } from '../../../src/config/lazy_regex.ts'
import { tryAttribute, tryInteger } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'
import { listClass } from '../sysfs_class.ts'

const value = (name: string) =>
  family(gauge(`node_power_supply_${name}`, `${name} value of /sys/class/power_supply/<power_supply>.`), 'power_supply')

/** Names of files, as `file` or `file=family`, by what their numbers are divided by. */
const PLAIN = `authentic calibrate capacity capacity_alert_max capacity_alert_min cycle_count=cyclecount online present
  time_to_empty_now=time_to_empty_seconds time_to_full_now=time_to_full_seconds`
const MICRO = `current_boot current_max current_now=current_ampere energy_empty energy_empty_design energy_full energy_full_design
  energy_now=energy_watthour voltage_boot voltage_max voltage_max_design voltage_min voltage_min_design
  voltage_now=voltage_volt voltage_ocv charge_control_limit charge_control_limit_max charge_counter charge_empty
  charge_empty_design charge_full charge_full_design charge_now=charge_ampere charge_term_current constant_charge_current
  constant_charge_current_max constant_charge_voltage constant_charge_voltage_max precharge_current input_current_limit
  power_now=power_watt`
const TENTHS = `temp=temp_celsius temp_alert_max=temp_alert_max_celsius temp_alert_min=temp_alert_min_celsius
  temp_ambient=temp_ambient_celsius temp_ambient_max=temp_ambient_max_celsius temp_ambient_min=temp_ambient_min_celsius
  temp_max=temp_max_celsius temp_min=temp_min_celsius`
const NUMBERS: readonly (readonly [string, Family, number])[] = (
  [
    [PLAIN, 1],
    [MICRO, 1e6],
    [TENTHS, 10],
  ] as const
).flatMap(([names, divisor]) =>
  names.split(/\s+/).map(text => {
    const [file, name = file] = text.split('=')
    return [file, value(name), divisor] as const
  }),
)

/** Files and labels alike. */
const TEXTS =
  `capacity_level charge_type health manufacturer model_name serial_number status technology type usb_type scope`.split(
    ' ',
  )
const info = family(
  gauge('node_power_supply_info', 'info of /sys/class/power_supply/<power_supply>.'),
  ...['power_supply', ...TEXTS],
)

const FOLDER = 'class/power_supply'
/** Errors of an attribute that the driver has but this device has not. */
const ABSENT = new Set(['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP'])

/** Batteries and mains. Source: power/power_supply_class and sysfs-class-power of the kernel's documentation. */
export const powersupplyclass = defineCollector({
  name: 'powersupplyclass',
  defaultEnabled: true,
  flags: { ignored_supplies: regex().default(new LazyRegex('^$')).describe('Power supplies to leave out.') },
  families: [...NUMBERS.map(([, one]) => one), info],
  create({ ignored_supplies: ignored }, { sys }) {
    const filter = new NameFilter(ignored, undefined, '^$')
    return {
      *collect(samples): Steps {
        const supplies: Supply[] = []
        for (const name of listClass(sys, FOLDER)) {
          if (!filter.ignores(name)) supplies.push(yield* readSupply(sys, name))
        }
        for (const { name, numbers, texts } of supplies) {
          for (const [one, number] of numbers) samples.emit(one, number, name)
          samples.emit(info, 1, name, ...texts)
        }
      },
    }
  },
})

interface Supply {
  readonly name: string
  readonly numbers: readonly (readonly [Family, number])[]
  readonly texts: readonly string[]
}

/** Some firmware takes milliseconds an attribute: other work may have its turn after each. */
function* readSupply(sys: HostRoot, name: string): Generator<undefined, Supply, undefined> {
  const files = new Set(sys.list(`${FOLDER}/${name}`))
  const numbers: [Family, number][] = []
  for (const [file, one, divisor] of NUMBERS) {
    if (!files.has(file)) continue
    const number = tryInteger(sys, `${FOLDER}/${name}/${file}`, ABSENT)
    if (number !== undefined) numbers.push([one, number / divisor])
    yield
  }
  const texts: string[] = []
  for (const file of TEXTS)
    texts.push((files.has(file) && tryAttribute(sys, `${FOLDER}/${name}/${file}`, ABSENT)) || '')
  return { name, numbers, texts }
}
