import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HostRoot } from './host_root.ts'

function recorded(files: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-root-'))
  const root = new HostRoot(folder)
  onTestFinished(() => {
    root.close()
    rmSync(folder, { recursive: true })
  })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  for (const [name, text] of Object.entries(files)) write(name, text)
  return { folder, root, write }
}
function procfs() {
  const root = new HostRoot('/proc')
  onTestFinished(() => root.close())
  return root
}
const openFiles = (path: string) =>
  readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  })

test('opens a file of a real procfs once and reads it anew each time', () => {
  const root = procfs()
  const uptime = () => Number(root.text('uptime').split(' ')[0])
  const first = uptime()
  let later = uptime()
  // It counts in hundredths: read until one has passed.
  for (let i = 0; i < 1_000_000 && later === first; i++) later = uptime()
  expect(later).toBeGreaterThan(first)
  expect(openFiles('/proc/uptime')).toHaveLength(1)
})

test('closes what nobody read for some turns, and everything when it is closed', () => {
  const root = procfs()
  root.read('loadavg')
  root.read('version')
  for (let turn = 0; turn < 20; turn++) {
    root.nextTurn()
    root.read('loadavg')
  }
  expect([openFiles('/proc/loadavg').length, openFiles('/proc/version').length]).toEqual([1, 0])
  expect(root.text('version')).toMatch(/^Linux/)
  root.close()
  expect([openFiles('/proc/loadavg').length, openFiles('/proc/version').length]).toEqual([0, 0])
  expect(() => root.read('loadavg')).toThrow('/proc is closed')
})

test('notices that what a kept descriptor stood for is gone, and does not keep it', async () => {
  const root = procfs()
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const file = `${child.pid}/stat`
  expect(root.tryRead(file)?.toString()).toContain(`${child.pid} (`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(root.tryRead(file)).toBeUndefined()
  expect(openFiles(`/proc/${file}`)).toEqual([])
})

test('reads files of a recorded tree by name each time, so that replacing or removing them shows', () => {
  const { root, write, folder } = recorded({ stat: 'one\n' })
  expect(root.text('stat')).toBe('one')
  rmSync(join(folder, 'stat'))
  expect(root.tryRead('stat')).toBeUndefined()
  expect(() => root.read('stat')).toThrow('ENOENT')
  write('stat', 'two')
  expect(root.text('stat')).toBe('two')
  expect(openFiles(join(folder, 'stat'))).toEqual([])
})

test('reads a file whole, however long it is', () => {
  const text = 'intr 1 2 3\n'.repeat(40_000)
  expect(recorded({ stat: text }).root.read('stat').toString()).toBe(text)
})

test('reads a shared file once a turn, and what it gave stays whatever is read after it', () => {
  const root = procfs()
  root.nextTurn()
  const first = root.shared('uptime')
  const text = first.toString()
  root.read('version')
  expect(root.shared('uptime')).toBe(first)
  expect(first.toString()).toBe(text)
  root.nextTurn()
  expect(root.shared('uptime')).not.toBe(first)
})

test('takes a number only from a file that holds nothing else', () => {
  const { root } = recorded({ good: '42\n', empty: '', text: 'none\n', negative: '-1\n' })
  expect(['good', 'empty', 'text', 'negative', 'missing'].map(name => root.tryNumber(name))).toEqual([
    42,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('lists a folder in order', () => {
  const { root } = recorded({ cpu10: '', cpu2: '', cpu1: '' })
  expect(root.list('.')).toEqual(['cpu1', 'cpu10', 'cpu2'])
})
