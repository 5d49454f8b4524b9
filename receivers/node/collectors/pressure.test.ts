import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { parsePressure, pressure } from './pressure.ts'

test('writes totals in seconds', async () => {
  expect((await collectorOn(pressure, recordedHost).collect()).samples).toEqual({
    node_pressure_cpu_waiting_seconds_total: 14036781000000016 / 1000 / 1000,
    node_pressure_io_waiting_seconds_total: 159886802 / 1000 / 1000,
    node_pressure_io_stalled_seconds_total: 159229614 / 1000 / 1000,
    node_pressure_memory_waiting_seconds_total: 0.000007,
    node_pressure_memory_stalled_seconds_total: 0.000008,
    node_pressure_irq_stalled_seconds_total: 0.008008,
  })
})

test('resources that the kernel lacks are left out; when it has none there is no data', async () => {
  const host = hostCopy()
  host.remove('proc/pressure/irq')
  const collector = collectorOn(pressure, host.folder)
  expect(Object.keys((await collector.collect()).samples)).toHaveLength(5)
  host.remove('proc/pressure')
  expect((await collector.collect()).samples).toEqual({})
  expect(collector.log.lines).toEqual(['debug: collector has no data'])
})

test('refuses a line without a total', () => {
  expect(() => parsePressure('some avg10=0.00\n', 'io')).toThrow('pressure/io: total')
})
