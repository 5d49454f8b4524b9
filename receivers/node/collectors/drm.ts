import { parseInteger, readAttribute, tryAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Steps } from '../collector.ts'
import { matching } from '../sysfs_class.ts'

const byCard = (name: string, help: string) => family(gauge(`node_drm_${name}`, help), 'card')

const info = family(
  gauge('node_drm_card_info', 'Card information'),
  ...['card', 'memory_vendor', 'power_performance_level', 'unique_id', 'vendor'],
)
const INFO_FILES = ['mem_info_vram_vendor', 'power_dpm_force_performance_level', 'unique_id']

const GTT = 'graphics translation table (GTT) block in bytes.'
/** File → family. */
const NUMBERS = [
  ['gpu_busy_percent', byCard('gpu_busy_percent', 'How busy the GPU is as a percentage.')],
  ['mem_info_gtt_total', byCard('memory_gtt_size_bytes', `The size of the ${GTT}`)],
  ['mem_info_gtt_used', byCard('memory_gtt_used_bytes', `The used amount of the ${GTT}`)],
  ['mem_info_vram_total', byCard('memory_vram_size_bytes', 'The size of VRAM in bytes.')],
  ['mem_info_vram_used', byCard('memory_vram_used_bytes', 'The used amount of VRAM in bytes.')],
  ['mem_info_vis_vram_total', byCard('memory_vis_vram_size_bytes', 'The size of visible VRAM in bytes.')],
  ['mem_info_vis_vram_used', byCard('memory_vis_vram_used_bytes', 'The used amount of visible VRAM in bytes.')],
] as const

const FOLDER = 'class/drm'

/** Graphics cards of AMD. Source: gpu/amdgpu of the kernel's documentation. */
export const drm = defineCollector({
  name: 'drm',
  defaultEnabled: false,
  flags: {},
  families: [info, ...NUMBERS.map(([, one]) => one)],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const cards: { card: string; numbers: number[]; texts: string[] }[] = []
      for (const card of matching(sys, FOLDER, /^card\d$/)) {
        const device = `${FOLDER}/${card}/device`
        if (isAmd(sys, device)) {
          const numbers = NUMBERS.map(([file]) => parseInteger(field(sys, `${device}/${file}`) ?? '0', file))
          cards.push({ card, numbers, texts: INFO_FILES.map(file => field(sys, `${device}/${file}`) ?? '') })
        }
        yield
      }
      for (const { card, numbers, texts } of cards) {
        samples.emit(info, 1, card, ...texts, 'amd')
        NUMBERS.forEach(([, one], i) => void samples.emit(one, numbers[i], card))
      }
    },
  }),
})

function isAmd(sys: HostRoot, device: string): boolean {
  return readAttribute(sys, `${device}/uevent`).includes('DRIVER=amdgpu')
}

function field(sys: HostRoot, path: string): string | undefined {
  try {
    return tryAttribute(sys, path)
  } catch {
    return undefined
  }
}
