import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector } from '../collector.ts'

const configMode = family(gauge('node_selinux_config_mode', 'Configured SELinux enforcement mode'))
const currentMode = family(gauge('node_selinux_current_mode', 'Current SELinux enforcement mode'))
const enabledFamily = family(gauge('node_selinux_enabled', 'SELinux is enabled, 1 is true, 0 is false'))

/** statfs(2) type of selinuxfs. */
const SELINUX_MAGIC = 0xf97cff8c
const DISABLED = -1
const MODES: Readonly<Record<string, number>> = { enforcing: 1, permissive: 0 }

/** SELinux. Sources: selinux(8), /etc/selinux/config, /sys/fs/selinux/enforce. */
export const selinux = defineCollector({
  name: 'selinux',
  defaultEnabled: true,
  flags: {},
  families: [configMode, currentMode, enabledFamily],
  create(_flags, { proc, sys, rootfs }) {
    const root = new HostRoot(rootfs)
    let isEnabled: boolean | undefined
    return {
      collect(samples) {
        isEnabled ??= fsType(join(sys.path, 'fs/selinux')) === SELINUX_MAGIC && !isKernelLabel(proc.tryRead(LABEL))
        samples.emit(enabledFamily, isEnabled ? 1 : 0)
        if (!isEnabled) return
        samples.emit(configMode, parseConfigMode(root.tryRead('etc/selinux/config')?.toString('utf8') ?? ''))
        samples.emit(currentMode, sys.tryNumber('fs/selinux/enforce') ?? DISABLED)
      },
      close: () => root.close(),
    }
  },
})
const LABEL = 'self/attr/current'

/** Before a policy is loaded, everything has the kernel's label. */
function isKernelLabel(bytes: Buffer | undefined): boolean {
  return bytes?.toString('utf8').replace(/\0$/, '') === 'kernel'
}

function fsType(path: string): number | undefined {
  try {
    return statfsSync(path).type
  } catch {
    return undefined
  }
}

/** The mode that `SELINUX=` asks for: 1 enforcing, 0 permissive, -1 anything else. */
export function parseConfigMode(text: string): number {
  const lines = text.split('\n').map(line => line.trim())
  const mode = lines.find(line => line.startsWith('SELINUX='))?.slice('SELINUX='.length)
  return MODES[mode?.replace(/^"+|"+$/g, '') ?? ''] ?? DISABLED
}
