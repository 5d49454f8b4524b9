import type { read as fsRead } from 'node:fs'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FakeClock } from '../../test/support/clock.ts'
import { GuardedFiles } from './guarded_files.ts'
import { HostRoot } from './host_root.ts'

type Answer = (error: NodeJS.ErrnoException | null, count: number) => void

/** Files in two folders whose reads answer when the test says so. */
function slowFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-guarded-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const chip of ['a', 'b']) {
    mkdirSync(join(folder, chip))
    writeFileSync(join(folder, chip, 'temp1_input'), '1\n')
  }
  const answers: Answer[] = []
  const clock = new FakeClock()
  const read = ((...args: unknown[]) => void answers.push(args[5] as Answer)) as unknown as typeof fsRead
  const files = new GuardedFiles(new HostRoot(folder), { clock, timeoutMs: 5000, read })
  onTestFinished(() => {
    for (const answer of answers) answer(null, 0)
    files.close()
  })
  return { files, clock, answers, folder }
}

test('reads the bytes of a file, and has none for one that is missing or cannot be read', async () => {
  const { folder } = slowFiles()
  const files = new GuardedFiles(new HostRoot(folder), { clock: new FakeClock(), timeoutMs: 5000 })
  expect((await files.read('a/temp1_input'))?.toString()).toBe('1\n')
  expect(await files.read('a/nothing')).toBeUndefined()
  expect(await files.read('a')).toBeUndefined()
  files.close()
})

test('a file that does not answer in time is stuck until it does, and is not asked again', async () => {
  const { files, clock, answers } = slowFiles()
  const outcome = expect(files.read('a/temp1_input')).rejects.toThrow('a/temp1_input does not answer')
  await clock.advance(5000)
  await outcome
  expect([files.stuckIn('a'), files.stuckIn('b')]).toEqual(['a/temp1_input', undefined])
  await expect(files.read('a/temp1_input')).rejects.toThrow('does not answer')
  expect(answers).toHaveLength(1)
  answers[0](null, 0)
  expect(files.stuckIn('a')).toBeUndefined()
})

test('two stuck files stop the reading of all', async () => {
  const { files, clock } = slowFiles()
  const outcomes = ['a', 'b'].map(chip => expect(files.read(`${chip}/temp1_input`)).rejects.toThrow('does not answer'))
  await clock.advance(5000)
  await Promise.all(outcomes)
  expect(files.stuckIn('c')).toBe('a/temp1_input')
})

test('an answer in time leaves no timer', async () => {
  const { files, clock, answers } = slowFiles()
  const reading = files.read('a/temp1_input')
  answers[0](null, 0)
  expect((await reading)?.length).toBe(0)
  expect(clock.pending).toBe(0)
})
