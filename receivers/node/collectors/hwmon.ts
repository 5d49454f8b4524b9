import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { regex } from '../../../src/config/fields.ts'
import { GuardedFiles } from '../../../src/host/guarded_files.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { NameFilter } from '../name_filter.ts'
import { listClass } from '../sysfs_class.ts'
import { cleanName, type Elements, parseFileName, SensorMeanings } from './hwmon_sensors.ts'

const chipNames = family(
  gauge('node_hwmon_chip_names', 'Annotation metric for human-readable chip names'),
  ...['chip', 'chip_name'],
)
const sensorLabel = family(
  gauge('node_hwmon_sensor_label', 'Label for given chip and sensor'),
  ...['chip', 'sensor', 'label'],
)

const FOLDER = 'class/hwmon'
/** Sensors behind a slow bus take up to a second. */
const TIMEOUT_MS = 5000

/**
 * Sensors of the hardware; families are named by the files that chips have. A driver may take long or hang: its files are
 * read outside the event loop. Source: hwmon/sysfs-interface of the kernel's documentation.
 */
export const hwmon = defineCollector({
  name: 'hwmon',
  defaultEnabled: true,
  flags: {
    chip_include: regex().optional().describe('Chips to take, and no others.'),
    chip_exclude: regex().optional().describe('Chips to leave out.'),
    sensor_include: regex().optional().describe('Sensors to take, and no others, as `chip;sensor`.'),
    sensor_exclude: regex().optional().describe('Sensors to leave out, as `chip;sensor`.'),
  },
  families: [chipNames, sensorLabel],
  create(flags, { sys, clock }) {
    const chipFilter = new NameFilter(flags.chip_exclude, flags.chip_include)
    const sensorFilter = new NameFilter(flags.sensor_exclude, flags.sensor_include)
    const files = new GuardedFiles(sys, { clock, timeoutMs: TIMEOUT_MS })
    const meanings = new SensorMeanings()
    const write = (samples: Samples, chip: string, name: string, sensors: Sensors) => {
      if (name !== '') samples.emit(chipNames, 1, chip, name)
      for (const [sensor, elements] of sensors) {
        if (sensorFilter.ignores(`${chip};${sensor}`)) continue
        const label = elements.get('label')
        if (label !== undefined) samples.emit(sensorLabel, 1, chip, sensor, label)
        for (const reading of meanings.readings(sensor, elements))
          samples.emit(reading.family, reading.value, chip, reading.sensor ?? sensor)
      }
    }
    return {
      *collect(samples): Steps {
        let failure: unknown
        for (const { folder, chip, name } of readChips(sys)) {
          if (chipFilter.ignores(chip)) continue
          const stuck = files.stuckIn(folder)
          if (stuck !== undefined) {
            failure = new Error(`${stuck} does not answer`)
            continue
          }
          yield readSensors(sys, files, folder).then(
            sensors => write(samples, chip, name, sensors),
            error => {
              failure = error
            },
          )
        }
        if (failure) throw failure
      },
      close: () => files.close(),
    }
  },
})

type Sensors = Map<string, Map<string, string>> & ReadonlyMap<string, Elements>

/** All values of a chip: of its own folder, and of its device's, where old drivers have them. */
async function readSensors(sys: HostRoot, files: GuardedFiles, folder: string): Promise<Sensors> {
  const sensors: Sensors = new Map()
  const names = new Set<string>()
  for (const place of sys.exists(`${folder}/device`) ? [folder, `${folder}/device`] : [folder]) {
    for (const file of sys.list(place)) {
      const found = parseFileName(file)
      if (!found) continue
      names.add(`${place}/${file}`)
      const bytes = await files.read(`${place}/${file}`)
      if (!bytes) continue
      const elements = sensors.get(found.sensor) ?? new Map<string, string>()
      sensors.set(found.sensor, elements.set(found.element, textOf(bytes)))
    }
  }
  files.keepOnly(folder, names)
  return sensors
}

/** Without line feeds around it, and a run of bytes that are not UTF-8 as one replacement character. */
function textOf(bytes: Buffer): string {
  return bytes
    .toString('utf8')
    .replace(/^\n+|\n+$/g, '')
    .replace(/\uFFFD+/g, '\uFFFD')
}

interface Chip {
  readonly folder: string
  /** Unique, from its device: `platform_coretemp_0`. */
  readonly chip: string
  /** What the driver calls it: `coretemp`; empty when it does not. */
  readonly name: string
}

/** The chips; of those on one device each has its own name, or its number, behind the device's. */
function readChips(sys: HostRoot): Chip[] {
  const chips = listClass(sys, FOLDER).flatMap(entry => {
    const folder = `${FOLDER}/${entry}`
    const name = sys.tryRead(`${folder}/name`)?.toString('utf8').trim() ?? ''
    const base = deviceName(sys, folder) || cleanName(name) || cleanName(entry)
    return base === '' || !isFolder(sys, folder) ? [] : [{ folder, entry, name, base }]
  })
  return chips.map(({ folder, entry, name, base }) => {
    const onDevice = chips.filter(other => other.base === base)
    const alike = onDevice.filter(other => other.name === name)
    const own = alike.length > 1 ? '' : cleanName(name)
    const chip = onDevice.length > 1 ? `${base}_${own || cleanName(entry)}` : base
    return { folder, chip, name: cleanName(name) }
  })
}

function isFolder(sys: HostRoot, folder: string): boolean {
  try {
    sys.list(folder)
    return true
  } catch {
    return false
  }
}

/** `platform_coretemp_0` of `…/platform/coretemp.0`; empty when the chip has no device. */
function deviceName(sys: HostRoot, folder: string): string {
  try {
    const path = realpathSync.native(join(sys.path, folder, 'device'))
    return [basename(dirname(path)), basename(path)]
      .map(cleanName)
      .filter(part => part !== '')
      .join('_')
  } catch {
    return ''
  }
}
