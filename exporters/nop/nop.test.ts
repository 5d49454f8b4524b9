import { expect, test } from 'vitest'
import { generatedLogs } from '../../test/support/generate.ts'
import { fakeSettings } from '../../test/support/settings.ts'
import { nop } from './exporter.ts'

test('takes a batch at once and says nothing of it', () => {
  const settings = fakeSettings({ id: 'nop', kind: 'exporter' })
  expect(nop.create({}, settings).logs?.(generatedLogs(), AbortSignal.timeout(1000))).toBeUndefined()
  expect(settings.drops).toMatchObject({ counts: {} })
})

test('has no settings', () => {
  expect(() => nop.config.parse({ anything: 1 })).toThrow()
})
