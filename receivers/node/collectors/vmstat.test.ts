import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { vmstat } from './vmstat.ts'

test('writes the fields that the pattern lets through, by default seven', async () => {
  const { samples } = await collectorOn(vmstat, recordedHost).collect()
  expect(Object.keys(samples).sort()).toEqual(
    ['oom_kill', 'pgfault', 'pgmajfault', 'pgpgin', 'pgpgout', 'pswpin', 'pswpout'].map(name => `node_vmstat_${name}`),
  )
  expect(samples.node_vmstat_pgfault).toBe(18446744073709552000)
  const chosen = await collectorOn(vmstat, recordedHost, { fields: '^nr_free_pages$' }).collect()
  expect(Object.keys(chosen.samples)).toEqual(['node_vmstat_nr_free_pages'])
})

test('a field without a number fails the collector', async () => {
  const host = hostCopy()
  host.write('proc/vmstat', 'pgpgin many\n')
  expect(await collectorOn(vmstat, host.folder).collect()).toEqual({ ok: false, samples: {} })
})
