import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { hwmon } from './hwmon.ts'
import { parseFileName, SensorMeanings } from './hwmon_sensors.ts'

test('writes sensors by chip in the units of their families, those of the device too', async () => {
  const { ok, samples } = await collectorOn(hwmon, recordedHost).collect()
  expect(ok).toBe(true)
  const chip = 'chip="platform_coretemp_0"'
  expect(samples).toMatchObject({
    [`node_hwmon_temp_celsius{${chip},sensor="temp1"}`]: 55,
    [`node_hwmon_temp_celsius{${chip},sensor="temp7"}`]: 7.001,
    [`node_hwmon_sensor_label{${chip},label="Core \uFFFD0",sensor="temp2"}`]: 1,
    'node_hwmon_fan_target_rpm{chip="platform_applesmc_768",sensor="fan1"}': 1999,
    'node_hwmon_freq_freq_mhz{chip="platform_nct6779_656",sensor="sclk"}': 300,
  })
})

test('chips on one device are told apart by name, or by number when that is the same; those without one by theirs', async () => {
  const { samples } = await collectorOn(hwmon, recordedHost).collect()
  const chips = new Set(Object.keys(samples).flatMap(key => /chip="([^"]*)"/.exec(key)?.[1] ?? []))
  expect([...chips].sort()).toEqual([
    ...[
      'acpitz_odd',
      'hwmon8',
      'nvme_nvme0_hwmon5',
      'nvme_nvme0_hwmon6',
      'platform_applesmc_768',
      'platform_asus_nb_wmi_asus',
    ],
    ...['platform_asus_nb_wmi_asus_wmi_sensors', 'platform_coretemp_0', 'platform_nct6779_656'],
  ])
})

test('takes the chips and sensors of the flags', async () => {
  const flags = { chip_include: 'coretemp|nvme', sensor_exclude: 'coretemp_0;temp[12]$' }
  const { samples } = await collectorOn(hwmon, recordedHost, flags).collect()
  expect(Object.keys(samples).filter(key => key.startsWith('node_hwmon_temp_celsius'))).toHaveLength(3)
})

test('a sensor that goes leaves the page', async () => {
  const host = hostCopy()
  const collector = collectorOn(hwmon, host.folder)
  const key = 'node_hwmon_temp_celsius{chip="hwmon8",sensor="temp1"}'
  expect((await collector.collect()).samples[key]).toBe(29.8)
  host.write('sys/class/hwmon/hwmon8/temp1_input', '\n')
  expect((await collector.collect()).samples).not.toHaveProperty([key])
})

test.each([
  ['temp1_crit_alarm', { sensor: 'temp1', element: 'crit_alarm' }],
  ['pwm1', { sensor: 'pwm1', element: '' }],
  ['beep_enable', { sensor: 'beep_enable0', element: '' }],
  ['temp007_input', { sensor: 'temp7', element: 'input' }],
  ['uevent', undefined],
  ['1temp', undefined],
])('%s is %j', (file, expected) => expect(parseFileName(file)).toEqual(expected))

test.each([
  ['power1', 'average_interval', 'node_hwmon_power_average_interval_seconds', 1.5],
  ['power1', 'accuracy', 'node_hwmon_power_accuracy', 0.0015],
  ['energy2', 'input', 'node_hwmon_energy_joule_total', 0.0015],
  ['fan3', 'div', 'node_hwmon_fan_div', 1500],
  ['in0', 'beep', 'node_hwmon_in_beep_enabled', 1500],
  ['temp1', 'type', 'node_hwmon_temp_type', 1500],
  ['update_interval0', '', 'node_hwmon_update_interval_seconds', 1.5],
])('1500 of %s_%s is %s %d', (sensor, element, name, value) => {
  const [reading] = new SensorMeanings().readings(sensor, new Map([[element, '1500']]))
  expect([reading.family.descriptor.name, reading.value]).toEqual([name, value])
})
