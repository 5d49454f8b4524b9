import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { cpufreq, parseGovernors } from './cpufreq.ts'

test('writes the frequencies of the CPUs that are online, in hertz, and their governors', async () => {
  const { ok, samples } = await collectorOn(cpufreq, recordedHost).collect()
  expect(ok).toBe(true)
  expect(samples).toMatchObject({
    'node_cpu_frequency_hertz{cpu="0"}': 1_200_000_000,
    'node_cpu_frequency_min_hertz{cpu="1"}': 2_500_010_000,
    'node_cpu_scaling_governor{cpu="0",governor="powersave"}': 1,
    'node_cpu_scaling_governor{cpu="0",governor="performance"}': 0,
  })
  expect(Object.keys(samples).filter(key => /frequency_hertz\{cpu="1"|cpu="4"|governor\{cpu="3"/.test(key))).toEqual([
    'node_cpu_scaling_frequency_hertz{cpu="1"}',
  ])
})

test('a frequency that is not known fails the collector, and so does a kernel that does not say who is offline', async () => {
  const host = hostCopy()
  host.write('sys/devices/system/cpu/cpu3/cpufreq/cpuinfo_cur_freq', '<unknown>\n')
  expect(await collectorOn(cpufreq, host.folder).collect()).toEqual({ ok: false, samples: {} })
  host.remove('sys/devices/system/cpu/offline')
  expect((await collectorOn(cpufreq, host.folder).collect()).ok).toBe(false)
})

test('without a governor in force there are none', () => {
  expect(parseGovernors('performance', '')).toEqual([])
  expect(parseGovernors('a b', 'b')).toEqual([
    ['a', 0],
    ['b', 1],
  ])
})
