import { localZone } from '../../../src/host/time_zone.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const seconds = family(gauge('node_time_seconds', 'System time in seconds since epoch (1970).'))
const zoneOffset = family(gauge('node_time_zone_offset_seconds', 'System time zone offset in seconds.'), 'time_zone')
const available = family(
  gauge('node_time_clocksource_available_info', "Available clocksources read from '/sys/devices/system/clocksource'."),
  'device',
  'clocksource',
)
const current = family(
  gauge('node_time_clocksource_current_info', "Current clocksource read from '/sys/devices/system/clocksource'."),
  'device',
  'clocksource',
)

const FOLDER = 'devices/system/clocksource'

/** The clock. Sources: the system's time and zone, /sys/devices/system/clocksource (sysfs-devices-system-clocksource). */
export const time = defineCollector({
  name: 'time',
  defaultEnabled: true,
  flags: {},
  families: [seconds, zoneOffset, available, current],
  create(_flags, { sys, clock }) {
    let zone: ReturnType<typeof localZone> | undefined
    let devices: readonly string[] | undefined
    return {
      collect(samples) {
        zone ??= localZone(process.env.TZ)
        const now = clock.nowMs() / 1000
        const { name, offset } = zone(now)
        samples.emit(seconds, now)
        samples.emit(zoneOffset, offset, name)
        devices ??= sys.exists(FOLDER) ? sys.list(FOLDER).filter(entry => /^clocksource\d/.test(entry)) : []
        devices.forEach((device, i) => {
          const sources = sys.text(`${FOLDER}/${device}/available_clocksource`)
          for (const source of words(sources)) samples.emit(available, 1, String(i), source)
          samples.emit(current, 1, String(i), sys.text(`${FOLDER}/${device}/current_clocksource`))
        })
      },
    }
  },
})

/** Names apart by blanks: `tsc hpet acpi_pm`. */
function words(text: string): string[] {
  return text === '' ? [] : text.split(/\s+/)
}
