import { expect, test } from 'vitest'
import { ByteMap } from '../../../src/host/byte_map.ts'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseSchedstat, schedstat } from './schedstat.ts'

test('writes seconds and timeslices of each CPU', async () => {
  const { samples } = await collectorOn(schedstat, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_schedstat_running_seconds_total{cpu="0"}': 2045936778163039 / 1e9,
    'node_schedstat_waiting_seconds_total{cpu="1"}': 364107263788241 / 1e9,
    'node_schedstat_timeslices_total{cpu="17"}': 9,
    'node_schedstat_running_seconds_total{cpu="17"}': 18446744073709552000 / 1e9,
  })
  expect(Object.keys(samples)).toHaveLength(9)
})

test('refuses a CPU without its times', () => {
  expect(() => parseSchedstat(Buffer.from('cpu0 1 2 3 4 5 6 7\n'), new ByteMap())).toThrow('schedstat: cpu0 waiting')
})
