import { readAttribute } from '../../../src/host/attribute.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, type Samples, type Steps } from '../collector.ts'
import { listClass } from '../sysfs_class.ts'

const subsystem = (name: string, help: string, ...labels: string[]) =>
  family(gauge(`node_nvmesubsystem_${name}`, help), 'subsystem', ...labels)

const info = subsystem(
  'info',
  'Non-numeric information about an NVMe subsystem.',
  ...['nqn', 'model', 'serial', 'iopolicy'],
)
const INFO_FILES = ['subsysnqn', 'model', 'serial', 'iopolicy']
const namespaceInfo = subsystem('namespace_info', 'Maps an NVMe namespace block device to its subsystem.', 'device')
const paths = subsystem('paths', 'Number of controller paths for an NVMe subsystem.')
const pathsLive = subsystem('paths_live', 'Number of controller paths in live state for an NVMe subsystem.')
const pathState = subsystem(
  'path_state',
  'Current NVMe controller path state (1 for the current state, 0 for all others).',
  ...['controller', 'transport', 'state'],
)
const STATES = ['connecting', 'dead', 'deleting', 'live', 'new', 'resetting', 'unknown']

const FOLDER = 'class/nvme-subsystem'

interface Subsystem {
  readonly name: string
  readonly texts: readonly string[]
  readonly controllers: readonly { readonly name: string; readonly state: string; readonly transport: string }[]
  readonly namespaces: readonly string[]
}

/** Paths to NVMe storage. Source: nvme/feature-and-quirk-policy, the driver's attributes in sysfs. */
export const nvmesubsystem = defineCollector({
  name: 'nvmesubsystem',
  defaultEnabled: false,
  flags: {},
  families: [info, namespaceInfo, paths, pathsLive, pathState],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const found: Subsystem[] = []
      for (const name of listClass(sys, FOLDER).filter(one => one.startsWith('nvme-subsys'))) {
        const path = `${FOLDER}/${name}`
        const texts = INFO_FILES.map(file => readAttribute(sys, `${path}/${file}`))
        const entries = sys.list(path)
        const controllers = entries
          .filter(entry => /^nvme\d+$/.test(entry))
          .map(entry => {
            const [state, transport] = ['state', 'transport', 'address'].map(file =>
              readAttribute(sys, `${path}/${entry}/${file}`),
            )
            return { name: entry, state: parseState(state), transport }
          })
        found.push({ name, texts, controllers, namespaces: entries.filter(entry => /^nvme\d+n\d+$/.test(entry)) })
        yield
      }
      for (const one of found) write(samples, one)
    },
  }),
})

/** `deleting (no IO)` → `deleting`; states that nobody knows are `unknown`. */
export function parseState(text: string): string {
  const state = text === 'deleting (no IO)' ? 'deleting' : text
  return STATES.includes(state) ? state : 'unknown'
}

function write(samples: Samples, { name, texts, controllers, namespaces }: Subsystem): void {
  samples.emit(info, 1, name, ...texts)
  for (const device of namespaces) samples.emit(namespaceInfo, 1, name, device)
  for (const { name: controller, state, transport } of controllers)
    for (const one of STATES) samples.emit(pathState, one === state ? 1 : 0, name, controller, transport, one)
  samples.emit(paths, controllers.length, name)
  samples.emit(pathsLive, controllers.filter(({ state }) => state === 'live').length, name)
}
