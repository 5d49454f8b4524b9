import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { ipvs, parseIpvs, parseIpvsStats } from './ipvs.ts'

test('writes sums, and backends by address, port, protocol and mark', async () => {
  const { samples } = await collectorOn(ipvs, recordedHost).collect()
  expect(samples).toMatchObject({
    node_ipvs_connections_total: 0x16aa370,
    node_ipvs_incoming_bytes_total: 0x51d8c8883ab3,
    'node_ipvs_backend_weight{local_address="192.168.0.22",local_port="3306",proto="TCP",remote_address="192.168.82.22",remote_port="3306"}': 100,
    'node_ipvs_backend_connections_active{local_address="2620::1",local_port="80",proto="UDP",remote_address="2620::2",remote_port="80"}': 8,
    'node_ipvs_backend_connections_inactive{local_address="2620::1",local_port="80",proto="UDP",remote_address="192.168.82.22",remote_port="81"}': 12,
    'node_ipvs_backend_connections_active{local_mark="10001000",local_port="0",proto="FWM",remote_address="192.168.50.21",remote_port="3306"}': 321,
  })
})

test('sums up backends that share all chosen labels', async () => {
  const { samples } = await collectorOn(ipvs, recordedHost, { backend_labels: 'proto' }).collect()
  expect(samples['node_ipvs_backend_weight{proto="TCP"}']).toBe(201)
  expect(samples['node_ipvs_backend_connections_active{proto="FWM"}']).toBe(64 + 321)
})

test('refuses a label that it does not know', () => {
  expect(ipvs.problems(ipvs.config.parse({ backend_labels: 'proto,colour' }))).toEqual([
    { flag: 'backend_labels', message: 'unknown labels: colour' },
  ])
})

test('without IPVS there is no data', async () => {
  const host = hostCopy()
  host.remove('proc/net/ip_vs_stats')
  expect((await collectorOn(ipvs, host.folder).collect()).samples).toEqual({})
})

test.each(['', 'a\nb\n', 'a\nb\n1 2 3 4\n', 'a\nb\n1 2 3 4 5 6\n', 'a\nb\n1 2 3 4 x\n'])('refuses sums %j', text => {
  expect(() => parseIpvsStats(Buffer.from(text))).toThrow('net/ip_vs_stats')
})

test.each(['TCP C0A8\n', '-> C0A85216:0CEA Tunnel a 1 2\n', '-> [::1]:0CEA Tunnel 1 1 2\n'])('refuses %j', text => {
  expect(() => [...parseIpvs(Buffer.from(text))]).toThrow('net/ip_vs')
})
