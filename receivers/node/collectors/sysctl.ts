import { z } from 'zod'
import { ParseError } from '../../../src/host/parse_error.ts'
import { gauge, untyped } from '../../../src/telemetry/metrics/descriptor.ts'
import { type Family, family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples } from '../collector.ts'

const info = family(gauge('node_sysctl_info', 'sysctl info'), 'name', 'value', 'index')

/** Kernel settings that the flags name. Source: sysctl(8), /proc/sys. */
export const sysctl = defineCollector({
  name: 'sysctl',
  defaultEnabled: false,
  flags: {
    include: z
      .array(z.string().min(1))
      .default([])
      .describe('Settings with numbers, as fs.file-nr, or fs.file-nr:total,current,max for a family for each.'),
    include_info: z.array(z.string().min(1)).default([]).describe('Settings to write as labels of node_sysctl_info.'),
  },
  families: [info],
  create({ include, include_info }, { proc }) {
    const wanted = include.map(parseSetting)
    const infos = include_info.map(parseSetting)
    const read = (setting: Setting): string[] => {
      const values = proc
        .text(`sys/${setting.name.replaceAll('.', '/')}`)
        .split(/\s+/)
        .filter(value => value !== '')
      const { length } = setting.keys
      if (values.length === 0 || (length > 0 && length !== values.length))
        throw new ParseError(setting.name, `${length || 'any'} values`, values.join(' '))
      if (length > 0 && values.length === 1) throw new ParseError(setting.name, 'more than one value', values[0])
      return values
    }
    return {
      collect(samples) {
        for (const setting of wanted) writeNumbers(samples, setting, read(setting))
        for (const setting of infos) {
          const values = read(setting)
          if (setting.keys.length > 0) throw new ParseError(setting.name, 'texts without keys', setting.keys.join())
          values.forEach((value, i) => void samples.emit(info, 1, setting.name, value, String(i)))
        }
      },
    }
  },
})

interface Setting {
  readonly name: string
  /** One for each of its values; none: values are told apart by the label `index`. */
  readonly keys: readonly string[]
  readonly single: Family
  readonly indexed: Family
  readonly byKey: readonly Family[]
}

/** `fs.file-nr` or `fs.file-nr:total,current,max`. */
function parseSetting(text: string): Setting {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const keys = colon < 0 ? [] : text.slice(colon + 1).split(',')
  const metric = `node_sysctl_${name.replace(/[^a-zA-Z0-9_]/g, '_')}`
  return {
    ...{ name, keys },
    single: family(untyped(metric, `sysctl ${name}`)),
    indexed: family(untyped(metric, `sysctl ${name}`), 'index'),
    byKey: keys.map((key, i) => family(untyped(`${metric}_${key}`, `sysctl ${name}, field ${i}`))),
  }
}

function writeNumbers(samples: Samples, setting: Setting, values: readonly string[]): void {
  const { single, indexed, byKey } = setting
  values.forEach((text, i) => {
    if (!/^[+-]?\d+$/.test(text)) throw new ParseError(setting.name, `value ${i + 1}`, text)
    const value = Number(text)
    if (byKey.length > 0) samples.emit(byKey[i], value)
    else if (values.length === 1) samples.emit(single, value)
    else samples.emit(indexed, value, String(i))
  })
}
