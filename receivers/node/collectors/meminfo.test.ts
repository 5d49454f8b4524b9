import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { MEMINFO_FIELDS, meminfo, meminfoParser } from './meminfo.ts'

const parse = (text: string) => {
  const values = meminfoParser()(Buffer.from(text))
  return Object.fromEntries(
    MEMINFO_FIELDS.map((field, i) => [field, values[i]]).filter(([, value]) => !Number.isNaN(value)),
  )
}

test('writes kB as bytes, pages as they are, and only the fields that node_exporter has', async () => {
  const { samples } = await collectorOn(meminfo, recordedHost).collect()
  expect(samples).toMatchObject({
    node_memory_MemTotal_bytes: 3742148 * 1024,
    node_memory_Active_anon_bytes: 2020004 * 1024,
    node_memory_VmallocTotal_bytes: 34359738367 * 1024,
    node_memory_HugePages_Total: 4,
    node_memory_Committed_AS_bytes: 5348956 * 1024,
  })
  const names = Object.keys(samples)
  expect(names).not.toContain('node_memory_KReclaimable_bytes')
  expect(names).not.toContain('node_memory_Zswap_bytes')
  expect(names).toHaveLength(44)
})

test('a field without a unit is in bytes', () => {
  expect(parse('MemTotal: 4096\nMemFree: 4 kB\n')).toEqual({ MemTotal: 4096, MemFree: 4096 })
})

test('a parser forgets what the last file had', () => {
  const parser = meminfoParser()
  parser(Buffer.from('Zswap: 1 kB\n'))
  expect(parser(Buffer.from('MemFree: 1 kB\n'))[MEMINFO_FIELDS.indexOf('Zswap')]).toBeNaN()
})

test.each([
  ['', 'meminfo: MemTotal'],
  ['MemTotal:\n', 'meminfo: MemTotal'],
  ['MemTotal: many kB\n', 'meminfo: MemTotal: unexpected "many"'],
  ['MemTotal: 1 MB\n', 'meminfo: MemTotal: unexpected "MB"'],
])('refuses %j', (text, message) => {
  expect(() => parse(text)).toThrow(message)
})
