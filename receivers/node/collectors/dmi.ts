import { readAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData } from '../collector.ts'
import { listClass } from '../sysfs_class.ts'

/** Labels; each has its name of the file, `system_vendor` excepted. */
const LABELS =
  `bios_date bios_release bios_vendor bios_version board_asset_tag board_name board_serial board_vendor board_version
  chassis_asset_tag chassis_serial chassis_vendor chassis_version product_family product_name product_serial product_sku
  product_uuid product_version system_vendor`.split(/\s+/)
const info = family(
  gauge('node_dmi_info', `A metric with a constant '1' value labeled by ${LABELS.join(', ')} if provided by DMI.`),
  ...LABELS,
)

const FOLDER = 'class/dmi/id'

/** What the firmware says of the machine, read once. Source: sysfs-class-dmi, SMBIOS. Serial numbers are for root only. */
export const dmi = defineCollector({
  name: 'dmi',
  defaultEnabled: true,
  flags: {},
  families: [info],
  create(_flags, { sys }) {
    let labels: readonly string[] | undefined
    return {
      collect(samples) {
        labels ??= readLabels(sys)
        if (!labels) throw new NoData('the firmware says nothing')
        samples.emit(info, 1, ...labels)
      },
    }
  },
})

/** Values of LABELS, empty where there is none; undefined when no file can be read. */
function readLabels(sys: HostRoot): string[] | undefined {
  const files = new Set(listClass(sys, FOLDER))
  const texts = LABELS.map(label => {
    const file = label === 'system_vendor' ? 'sys_vendor' : label
    if (!files.has(file)) return undefined
    try {
      return readAttribute(sys, `${FOLDER}/${file}`)
    } catch (error) {
      if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw error
    }
  })
  return texts.every(text => text === undefined) ? undefined : texts.map(text => text ?? '')
}
