import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { cpuVulnerabilities, parseVulnerability } from './cpu_vulnerabilities.ts'

test('writes each flaw with its state, and is off when nothing is said', async () => {
  const { samples } = await collectorOn(cpuVulnerabilities, recordedHost).collect()
  expect(Object.keys(samples)).toHaveLength(8)
  expect(samples).toHaveProperty(['node_cpu_vulnerabilities_info{codename="meltdown",state="not affected"}'], 1)
  expect(cpuVulnerabilities.config.parse({}).enabled).toBe(false)
})

test.each([
  ['Mitigation: PTE Inversion; VMX: vulnerable', ['mitigation', 'PTE Inversion; VMX: vulnerable']],
  ['Vulnerable', ['vulnerable', '']],
  ['Vulnerable: no microcode', ['vulnerable', 'no microcode']],
  ['KVM: Mitigation: VMX disabled', ['unknown', 'KVM: Mitigation: VMX disabled']],
  ['Unknown: No mitigations', ['unknown', 'No mitigations']],
])('%s', (text, expected) => expect(parseVulnerability(text)).toEqual(expected))
