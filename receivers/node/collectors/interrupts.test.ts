import { expect, test } from 'vitest'
import { collectorOn, hostCopy, recordedHost } from '../../../test/support/node_host.ts'
import { interrupts, parseInterrupts } from './interrupts.ts'

const LABELS = 'info="IR-IO-APIC",type="8"'

test('writes interrupts by CPU, and leaves out lines without a source', async () => {
  const { samples } = await collectorOn(interrupts, recordedHost).collect()
  expect(samples).toMatchObject({
    [`node_interrupts_total{cpu="1",devices="8-edge rtc0, \\"odd\\" name",${LABELS}}`]: 2,
    'node_interrupts_total{cpu="2",info="Local timer interrupts",type="LOC"}': 168393257,
    'node_interrupts_total{cpu="2",devices="3145728-edge",info="PCI-MSI",type="120"}': 18446744073709552000,
  })
  expect(Object.keys(samples).filter(name => /type="(16|ERR|MIS)"/.test(name))).toEqual([])
})

test('leaves out zeros, and takes and leaves by pattern', async () => {
  const names = async (flags: object) =>
    Object.keys((await collectorOn(interrupts, recordedHost, flags).collect()).samples)
  expect(await names({ include_zeros: false })).toHaveLength(3 * 6 - 1)
  expect(await names({ name_include: '^LOC;' })).toHaveLength(3)
  expect(await names({ name_exclude: '^LOC;' })).toHaveLength(3 * 5)
})

test('an interrupt that another device takes has its labels', async () => {
  const host = hostCopy()
  const collector = collectorOn(interrupts, host.folder)
  host.write('proc/interrupts', 'CPU0\n 9: 5 IO-APIC 9-edge acpi\n')
  await collector.collect()
  host.write('proc/interrupts', 'CPU0\n 9: 6 IO-APIC 9-edge eth0\n')
  expect((await collector.collect()).samples).toEqual({
    'node_interrupts_total{cpu="0",devices="9-edge eth0",info="IO-APIC",type="9"}': 6,
  })
})

test.each(['', ' CPU0\n 1: x IO-APIC\n'])('refuses %j', text => {
  expect(() => [...parseInterrupts(Buffer.from(text))]).toThrow('interrupts: ')
})
