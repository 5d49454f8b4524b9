import { counter, gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'

/** Values of one sensor by what its files are called behind `temp1_`; empty for `pwm1`. */
export type Elements = ReadonlyMap<string, string>

/** One number of a sensor: its family and its value in that family's unit. */
export interface Reading {
  readonly family: Family
  readonly value: number
  /** In place of the sensor's name. */
  readonly sensor?: string
}

const TYPES = new Set(
  'vrm beep_enable update_interval in cpu fan pwm temp curr power energy humidity intrusion freq'.split(' '),
)

/** `temp1_crit_alarm` → its sensor `temp1` of type `temp`, and the element `crit_alarm`; undefined for other files. */
export function parseFileName(file: string): { sensor: string; element: string } | undefined {
  const [, type, digits, element = ''] = /^(\D+)(\d*)(?:_(.+))?$/.exec(file) ?? []
  return type !== undefined && TYPES.has(type) ? { sensor: `${type}${Number(digits)}`, element } : undefined
}

/** A name as labels and families have it: `Core 0` → `core_0`. */
export function cleanName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, '_')
    .replace(/^_+|_+$/g, '')
}

type Unit = (value: number) => number
const plain: Unit = value => value
const milli: Unit = value => value * 0.001
const micro: Unit = value => value / 1_000_000

interface Meaning {
  readonly family: Family
  readonly unit: Unit
}

const LONE: Record<string, Meaning> = {
  vrm: lone('voltage_regulator_version', 'Hardware voltage regulator', plain),
  update_interval: lone('update_interval_seconds', 'Hardware monitor update interval', milli),
}
const beepEnabled = lone('beep_enabled', 'Hardware beep enabled', plain).family

function lone(name: string, help: string, unit: Unit): Meaning {
  return { family: family(gauge(`node_hwmon_${name}`, help), 'chip', 'sensor'), unit }
}

/** What files of hwmon mean, by their names. Source: hwmon/sysfs-interface of the kernel's documentation. */
export class SensorMeanings {
  readonly #known = new Map<string, Meaning>()

  #meaning(type: string, element: string, hasPlain: boolean): Meaning {
    const key = `${type} ${element} ${hasPlain}`
    const known = this.#known.get(key) ?? meaningOf(type, element, hasPlain)
    this.#known.set(key, known)
    return known
  }

  /** Readings of a sensor; texts that are no numbers have none. */
  *readings(sensor: string, elements: Elements): Generator<Reading> {
    const type = sensor.replace(/\d+$/, '')
    if (type === 'beep_enable') yield { family: beepEnabled, value: elements.get('') === '1' ? 1 : 0 }
    else if (type in LONE) {
      const value = parseNumber(elements.get('') ?? '')
      if (value !== undefined) yield { family: LONE[type].family, value: LONE[type].unit(value) }
    } else {
      for (const [element, text] of elements) {
        const value = element === 'label' ? undefined : parseNumber(text)
        if (value === undefined) continue
        const label = elements.get('label')
        if (type === 'freq' && element === 'input' && label === undefined) continue
        const { family: of, unit } = this.#meaning(type, element, elements.has(''))
        const name = type === 'freq' && element === 'input' ? cleanName(label ?? '') : undefined
        yield { family: of, value: unit(value), sensor: name }
      }
    }
  }
}

function meaningOf(type: string, element: string, hasPlain: boolean): Meaning {
  // `input` is the sensor's value itself, unless there is one without any word
  const suffix = element === 'input' ? (hasPlain ? '_input' : '') : element === '' ? '' : `_${cleanName(element)}`
  const name = `node_hwmon_${type}${suffix}`
  const of = (ending: string, help: string, unit: Unit, kind = gauge): Meaning => ({
    family: family(kind(`${name}${ending}`, help), 'chip', 'sensor'),
    unit,
  })
  if (element === 'fault' || element === 'alarm') return of('', `Hardware sensor ${element} status (${type})`, plain)
  if (element === 'beep') return of('_enabled', 'Hardware monitor sensor has beeping enabled', plain)
  switch (type) {
    case 'in':
    case 'cpu':
      return of('_volts', `Hardware monitor for voltage (${element})`, milli)
    case 'temp':
      if (element !== 'type') return of('_celsius', `Hardware monitor for temperature (${element || 'input'})`, milli)
      break
    case 'curr':
      return of('_amps', `Hardware monitor for current (${element})`, milli)
    case 'energy':
      return of('_joule_total', `Hardware monitor for joules used so far (${element})`, micro, counter)
    case 'power':
      if (element === 'accuracy') return of('', 'Hardware monitor power meter accuracy, as a ratio', micro)
      if (/^average_interval(_min|_max)?$/.test(element))
        return of('_seconds', `Hardware monitor power usage update interval (${element})`, milli)
      return of('_watt', `Hardware monitor for power usage in watts (${element})`, micro)
    case 'humidity':
      return of(
        '',
        `Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage) (${element})`,
        micro,
      )
    case 'fan':
      if (['input', 'min', 'max', 'target'].includes(element))
        return of('_rpm', `Hardware monitor for fan revolutions per minute (${element})`, plain)
      break
    case 'freq':
      if (element === 'input') return of('_freq_mhz', 'Hardware monitor for GPU frequency in MHz', micro)
  }
  return of('', `Hardware monitor ${type} element ${element}`, plain)
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}
