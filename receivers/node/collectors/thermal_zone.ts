import { readAttribute, tryAttribute, tryInteger, WITHHELD } from '../../../src/host/attribute.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { matching } from '../sysfs_class.ts'

const temp = family(gauge('node_thermal_zone_temp', 'Zone temperature in Celsius'), 'zone', 'type')
const curState = family(
  gauge('node_cooling_device_cur_state', 'Current throttle state of the cooling device'),
  'name',
  'type',
)
const maxState = family(
  gauge('node_cooling_device_max_state', 'Maximum throttle state of the cooling device'),
  'name',
  'type',
)

const FOLDER = 'class/thermal'
const MILLIDEGREES = 1000

/** Temperatures and what cools. Source: driver-api/thermal/sysfs-api of the kernel's documentation. */
export const thermalZone = defineCollector({
  name: 'thermal_zone',
  defaultEnabled: true,
  flags: {},
  families: [temp, curState, maxState],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      for (const zone of matching(sys, FOLDER, /^thermal_zone\d/)) {
        const attribute = (name: string) => orNothing(() => readAttribute(sys, `${FOLDER}/${zone}/${name}`))
        const degrees = parseTemp(attribute('temp')) / MILLIDEGREES
        samples.emit(temp, degrees, zone.slice('thermal_zone'.length), attribute('type'))
        yield
      }
      const devices: [number, number, string, string][] = []
      for (const device of matching(sys, FOLDER, /^cooling_device\d/)) {
        const path = `${FOLDER}/${device}`
        const type = tryAttribute(sys, `${path}/type`, WITHHELD)
        const max = tryInteger(sys, `${path}/max_state`, WITHHELD)
        const cur = tryInteger(sys, `${path}/cur_state`, WITHHELD)
        if (type !== undefined && max !== undefined && cur !== undefined)
          devices.push([cur, max, device.slice('cooling_device'.length), type])
        yield
      }
      for (const [cur, max, name, type] of devices) {
        samples.emit(curState, cur, name, type)
        samples.emit(maxState, max, name, type)
      }
    },
  }),
})

/** Millidegrees; 0 for what is none, such as of a sensor that sleeps. */
export function parseTemp(text: string): number {
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0
}

function orNothing(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
