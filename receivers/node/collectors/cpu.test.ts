import { describe, expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { cpu, parseCpuRange } from './cpu.ts'
import { CpuClocks, parseCpuTimes } from './cpu_times.ts'
import { parseCpuInfo } from './cpuinfo.ts'

const named = (samples: Record<string, number>, name: string) =>
  Object.fromEntries(Object.entries(samples).filter(([key]) => key.split('{')[0] === name))

describe('cpu', () => {
  test('writes the time of every CPU that is listed, gaps in the numbers included', async () => {
    const { samples } = await collectorOn(cpu, recordedHost).collect()
    const seconds = named(samples, 'node_cpu_seconds_total')
    expect(Object.keys(seconds)).toHaveLength(3 * 8)
    expect(seconds).toMatchObject({
      'node_cpu_seconds_total{cpu="0",mode="user"}': 444.9,
      'node_cpu_seconds_total{cpu="1",mode="idle"}': 11107.87,
      'node_cpu_seconds_total{cpu="3",mode="steal"}': 0.13,
    })
    expect(named(samples, 'node_cpu_guest_seconds_total')).toMatchObject({
      'node_cpu_guest_seconds_total{cpu="0",mode="user"}': 0.07,
      'node_cpu_guest_seconds_total{cpu="3",mode="nice"}': 0.02,
    })
  })

  test('writes throttling once a core and once a package, isolation and which CPUs are online', async () => {
    const { samples } = await collectorOn(cpu, recordedHost).collect()
    expect(named(samples, 'node_cpu_core_throttles_total')).toEqual({
      'node_cpu_core_throttles_total{core="0",package="0"}': 5,
      'node_cpu_core_throttles_total{core="3",package="1"}': 20,
    })
    expect(named(samples, 'node_cpu_package_throttles_total')).toEqual({
      'node_cpu_package_throttles_total{package="0"}': 30,
    })
    expect(Object.keys(named(samples, 'node_cpu_isolated'))).toEqual(
      ['1', '3', '4'].map(number => `node_cpu_isolated{cpu="${number}"}`),
    )
    expect(Object.values(named(samples, 'node_cpu_online'))).toEqual([1, 1, 1, 0])
  })

  test('leaves guest time out when told so', async () => {
    const { samples } = await collectorOn(cpu, recordedHost, { guest: false }).collect()
    expect(named(samples, 'node_cpu_guest_seconds_total')).toEqual({})
  })

  test('writes what /proc/cpuinfo says when asked, and of flags and bugs those that match', async () => {
    const flags = { info_flags_include: '^(aes|avx.?)$', info_bugs_include: 'spectre' }
    const { samples } = await collectorOn(cpu, recordedHost, flags).collect()
    const identity =
      'family="6",microcode="0xb4",model="142",model_name="Mill(R) Wheel(TM) 4 @ 1.80GHz",package="0",stepping="10",vendor="GenuineMill"'
    expect(Object.keys(named(samples, 'node_cpu_info'))).toEqual(
      [
        ['0', '0'],
        ['0', '1'],
        ['1', '3'],
      ].map(([core, number]) => `node_cpu_info{cachesize="8192 KB",core="${core}",cpu="${number}",${identity}}`),
    )
    expect(Object.keys({ ...named(samples, 'node_cpu_flag_info'), ...named(samples, 'node_cpu_bug_info') })).toEqual([
      'node_cpu_flag_info{flag="aes"}',
      'node_cpu_flag_info{flag="avx"}',
      'node_cpu_flag_info{flag="avx2"}',
      'node_cpu_bug_info{bug="spectre_v1"}',
    ])
  })

  test('drops a CPU that goes and takes one that comes, with what it finds of it', async () => {
    const host = hostCopy()
    const collector = collectorOn(cpu, host.folder)
    await collector.collect()
    host.write('proc/stat', 'cpu  9 9 9 9\ncpu0 44490 19 21045 1087069 220 1 3410 2\ncpu7 100 0 0 0 0 0 0 0\n')
    const { samples } = await collector.collect()
    const numbers = Object.keys(named(samples, 'node_cpu_seconds_total')).map(key => /cpu="(\d+)"/.exec(key)?.[1])
    expect([...new Set(numbers)]).toEqual(['0', '7'])
    expect(samples['node_cpu_guest_seconds_total{cpu="7",mode="user"}']).toBe(0)
  })

  test('fails when sysfs is there and /proc/stat is empty, and works where there is no sysfs', async () => {
    const host = hostCopy()
    host.remove('sys')
    expect((await collectorOn(cpu, host.folder).collect()).ok).toBe(true)
    host.write('proc/stat', '')
    expect((await collectorOn(cpu, host.folder).collect()).ok).toBe(false)
  })
})

describe('times of CPUs', () => {
  const times = (text: string) => parseCpuTimes(Buffer.from(text))

  test('an old kernel has fewer columns', () => {
    expect([...(times('cpu 1 1 1 1\ncpu12 100 200 300 400\n').get(12) ?? [])]).toEqual([1, 2, 3, 4, 0, 0, 0, 0, 0, 0])
  })

  test.each([
    ['cpux 1 2 3 4\n', 'stat: cpu number: unexpected "cpux"'],
    ['cpu0 1 2 3 idle\n', 'stat: idle: unexpected "idle"'],
    ['', 'stat: cpu'],
  ])('refuses %j', (text, message) => {
    expect(() => times(text)).toThrow(message)
  })

  const firstColumns = (...texts: string[]) => {
    const clocks = new CpuClocks()
    const last = texts.map(text => clocks.update(times(text)).get(0)).at(-1)
    return [...(last ?? [])].slice(0, 4)
  }

  test('never go back by rounding, each column for itself', () => {
    expect(firstColumns('cpu0 100 100 100 1000', 'cpu0 90 110 100 999')).toEqual([1, 1.1, 1, 10])
  })

  test('start anew when idle time falls by three seconds: another CPU has the number', () => {
    expect(firstColumns('cpu0 100 100 100 1000', 'cpu0 1 2 3 700')).toEqual([0.01, 0.02, 0.03, 7])
    expect(firstColumns('cpu0 100 100 100 1000', 'cpu0 1 2 3 701')).toEqual([1, 1, 1, 10])
  })
})

test('reads lists of CPUs', () => {
  expect(parseCpuRange('0-2,7\n')).toEqual(['0', '1', '2', '7'])
  expect(parseCpuRange('\n')).toEqual([])
  expect(() => parseCpuRange('0-x')).toThrow('unexpected 0-x')
  expect(() => parseCpuRange('0-4294967295')).toThrow('unexpected')
})

test('reads the cpuinfo of ARM, which says less', () => {
  const [first, second] = parseCpuInfo('processor\t: 0\nBogoMIPS\t: 48.00\nFeatures\t: fp asimd\n\nprocessor\t: 1\n')
  expect([first.cpu, first.flags, first.modelName, second.cpu]).toEqual(['0', ['fp', 'asimd'], '', '1'])
  expect(parseCpuInfo('')).toEqual([])
})
