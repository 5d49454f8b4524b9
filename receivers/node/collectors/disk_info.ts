import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import type { Samples } from '../collector.ts'

const info = family(
  gauge('node_disk_info', 'Info of /sys/block/<block_device>.'),
  ...['device', 'major', 'minor', 'path', 'wwn', 'model', 'serial', 'revision', 'rotational'],
)
const filesystemInfo = family(
  gauge('node_disk_filesystem_info', 'Info about disk filesystem.'),
  ...['device', 'type', 'usage', 'uuid', 'version'],
)
const mapperInfo = family(
  gauge('node_disk_device_mapper_info', 'Info about disk device mapper.'),
  ...['device', 'name', 'uuid', 'vg_name', 'lv_name', 'lv_layer'],
)
/** Families of ATA disks by the udev property that they show. */
const ATA = {
  ID_ATA_WRITE_CACHE: family(gauge('node_disk_ata_write_cache', 'ATA disk has a write cache.'), 'device'),
  ID_ATA_WRITE_CACHE_ENABLED: family(
    gauge('node_disk_ata_write_cache_enabled', 'ATA disk has its write cache enabled.'),
    'device',
  ),
  ID_ATA_ROTATION_RATE_RPM: family(
    gauge('node_disk_ata_rotation_rate_rpm', 'ATA disk rotation rate in RPMs (0 for SSDs).'),
    'device',
  ),
}
export const diskInfoFamilies = [info, filesystemInfo, mapperInfo, ...Object.values(ATA)]

export type UdevProperties = ReadonlyMap<string, string>

/** The `E:NAME=value` lines of a file of the udev database, udevadm(8). */
export function parseUdev(text: string): UdevProperties {
  const properties = new Map<string, string>()
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=')
    if (line.startsWith('E:') && equals > 0) properties.set(line.slice(2, equals), line.slice(equals + 1))
  }
  return properties
}

/** What is known of one device, as labels. */
export function writeDiskInfo(
  samples: Samples,
  device: { readonly name: string; readonly major: number; readonly minor: number },
  rotational: boolean,
  udev: UdevProperties,
): void {
  const { name } = device
  const text = (property: string) => udev.get(property) ?? ''
  // The serial number on the disk's label, then what stands for it; virtio disks have the last only.
  const serial = text('SCSI_IDENT_SERIAL') || text('ID_SERIAL_SHORT') || text('ID_SERIAL')
  const numbers = [String(device.major), String(device.minor)]
  const identity = [text('ID_PATH'), text('ID_WWN'), text('ID_MODEL'), serial, text('ID_REVISION')]
  samples.emit(info, 1, name, ...numbers, ...identity, rotational ? '1' : '0')
  if (text('ID_FS_TYPE')) {
    const version = text('ID_FS_VERSION')
    samples.emit(filesystemInfo, 1, name, text('ID_FS_TYPE'), text('ID_FS_USAGE'), text('ID_FS_UUID'), version)
  }
  if (text('DM_NAME')) {
    const logical = [text('DM_VG_NAME'), text('DM_LV_NAME'), text('DM_LV_LAYER')]
    samples.emit(mapperInfo, 1, name, text('DM_NAME'), text('DM_UUID'), ...logical)
  }
  if (text('ID_ATA')) {
    for (const [property, one] of Object.entries(ATA)) {
      const value = Number(udev.get(property) || Number.NaN)
      if (!Number.isNaN(value)) samples.emit(one, value, name)
    }
  }
}
