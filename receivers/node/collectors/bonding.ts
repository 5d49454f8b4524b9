import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, present, type Steps } from '../collector.ts'

const slaves = family(gauge('node_bonding_slaves', 'Number of configured slaves per bonding interface.'), 'master')
const active = family(gauge('node_bonding_active', 'Number of active slaves per bonding interface.'), 'master')

const FOLDER = 'class/net'

/** Bonded network devices. Source: /sys/class/net/bonding_masters, the kernel's bonding.txt. */
export const bonding = defineCollector({
  name: 'bonding',
  defaultEnabled: true,
  flags: {},
  families: [slaves, active],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      for (const master of parseNames(present(sys, `${FOLDER}/bonding_masters`))) {
        let up = 0
        const members = parseNames(sys.read(`${FOLDER}/${master}/bonding/slaves`))
        for (const member of members) {
          const state = (prefix: string) => `${FOLDER}/${master}/${prefix}_${member}/bonding_slave/mii_status`
          // Kernels before 4.1 have links named slave_ only.
          const status = sys.find(state('lower')) ?? sys.read(state('slave'))
          if (status.toString('latin1').trim() === 'up') up++
          yield
        }
        samples.emit(slaves, members.length, master)
        samples.emit(active, up, master)
      }
    },
  }),
})

/** Names apart by blanks: `bond0 bond1`. */
export function parseNames(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .split(/\s+/)
    .filter(name => name !== '')
}
