import { readAttribute, tryAttribute } from '../../../src/host/attribute.ts'
import type { HostRoot } from '../../../src/host/host_root.ts'
import { gauge } from '../../../src/telemetry/metrics/descriptor.ts'
import { family } from '../../../src/telemetry/metrics/emitter.ts'
import { defineCollector, NoData, type Steps } from '../collector.ts'

const slaves = family(gauge('node_bonding_slaves', 'Number of configured slaves per bonding interface.'), 'master')
const active = family(gauge('node_bonding_active', 'Number of active slaves per bonding interface.'), 'master')

const NET = 'class/net'

/** Bonded interfaces and the state of their links. Source: networking/bonding, section Configuring Bonding Manually. */
export const bonding = defineCollector({
  name: 'bonding',
  defaultEnabled: true,
  flags: {},
  families: [slaves, active],
  create: (_flags, { sys }) => ({
    *collect(samples): Steps {
      const masters = parseNames(sys.tryRead(`${NET}/bonding_masters`))
      if (!masters) throw new NoData('no bonding_masters')
      const counts: { master: string; states: string[] }[] = []
      for (const master of masters) {
        const states: string[] = []
        for (const slave of parseNames(sys.read(`${NET}/${master}/bonding/slaves`)) ?? []) {
          states.push(miiStatus(sys, `${NET}/${master}`, slave))
          yield
        }
        counts.push({ master, states })
      }
      for (const { master, states } of counts) {
        samples.emit(slaves, states.length, master)
        samples.emit(active, states.filter(state => state === 'up').length, master)
      }
    },
  }),
})

/** `bond0 bond1` → its names. */
export function parseNames(bytes: Buffer | undefined): string[] | undefined {
  return bytes
    ?.toString('utf8')
    .split(/\s+/)
    .filter(name => name !== '')
}

/** Old kernels call the link to the slave `slave_eth0`. */
function miiStatus(sys: HostRoot, master: string, slave: string): string {
  const path = (prefix: string) => `${master}/${prefix}_${slave}/bonding_slave/mii_status`
  return tryAttribute(sys, path('lower')) ?? readAttribute(sys, path('slave'))
}
