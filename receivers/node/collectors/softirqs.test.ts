import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseSoftirqs, softirqs } from './softirqs.ts'

test('writes softirqs by CPU, of the types that node_exporter has', async () => {
  const { samples } = await collectorOn(softirqs, recordedHost).collect()
  expect(samples['node_softirqs_functions_total{cpu="1",type="RCU"}']).toBe(508445)
  expect(Object.keys(samples)).toHaveLength(20)
})

test.each(['', 'CPU0\nHI: x\n'])('refuses %j', text => {
  expect(() => parseSoftirqs(Buffer.from(text))).toThrow('softirqs: ')
})
