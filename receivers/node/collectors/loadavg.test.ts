import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { loadavg, parseLoadavg } from './loadavg.ts'

test('writes the three averages', async () => {
  const { samples } = await collectorOn(loadavg, recordedHost).collect()
  expect(samples).toEqual({ node_load1: 0.21, node_load5: 0.37, node_load15: 0.39 })
})

test.each([
  ['', 'loadavg: 1m'],
  ['0.21 0.37', 'loadavg: 15m'],
  ['0.21 none 0.39', 'loadavg: 5m: unexpected "none"'],
])('refuses %j', (text, message) => {
  expect(() => parseLoadavg(text)).toThrow(message)
})

test('fails where the file cannot be read', async () => {
  const host = hostCopy()
  host.remove('proc/loadavg')
  expect(await collectorOn(loadavg, host.folder).collect()).toEqual({ ok: false, samples: {} })
})
