import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { lnstat, parseLnstat } from './lnstat.ts'

test('writes the columns of each file by CPU', async () => {
  const { samples } = await collectorOn(lnstat, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_lnstat_found_total{cpu="1",subsystem="nf_conntrack"}': 0x12,
    'node_lnstat_allocs_total{cpu="0",subsystem="arp_cache"}': 1,
  })
  expect(Object.values(samples)).toContain(18446744073709552000)
})

test.each(['a b\n1 2 3\n', 'a b\n1 x\n'])('refuses %j', text => {
  expect(() => parseLnstat(Buffer.from(text), 'odd')).toThrow('net/stat/odd: ')
})
