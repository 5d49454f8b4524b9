import { expect, test } from 'vitest'
import { collectorOn, recordedHost } from '../../../test/support/node_host.ts'
import { parseConfigMode, selinux } from './selinux.ts'

test('without selinuxfs it is not enabled, and has no modes', async () => {
  expect((await collectorOn(selinux, recordedHost).collect()).samples).toEqual({ node_selinux_enabled: 0 })
})

test.each([
  ['SELINUX=enforcing\n', 1],
  ['# SELINUX=enforcing\nSELINUXTYPE=targeted\n SELINUX="permissive"\n', 0],
  ['SELINUX=disabled\n', -1],
  ['', -1],
])('the configured mode of %j is %d', (text, mode) => {
  expect(parseConfigMode(text)).toBe(mode)
})
