import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseSoftnet, softnet } from './softnet.ts'

test('writes the columns of each CPU by the number that the line has', async () => {
  const { samples } = await collectorOn(softnet, recordedHost).collect()
  expect(samples).toMatchObject({
    'node_softnet_processed_total{cpu="0"}': 0x960a,
    'node_softnet_processed_total{cpu="4"}': 0xffffffff,
    'node_softnet_cpu_collision_total{cpu="1"}': 8,
    'node_softnet_backlog_len{cpu="4"}': 17,
  })
  expect(Object.keys(samples)).toHaveLength(21)
})

test('where lines have no number CPUs are counted, and columns that an old kernel lacks are 0', () => {
  const rows = parseSoftnet(Buffer.from('1 2 3 0 0 0 0 0 4\n5 6 7 0 0 0 0 0 8 9 a b\n'))
  expect(rows.map(({ cpu, columns }) => [cpu, columns[0], columns[9], columns[10], columns[11]])).toEqual([
    [0, 1, 0, 0, 0],
    [1, 5, 9, 10, 0],
  ])
})

test.each(['1 2 3\n', '1 2 3 0 0 0 0 0 x\n'])('refuses %j', text => {
  expect(() => parseSoftnet(Buffer.from(text))).toThrow('net/softnet_stat')
})
