import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import type { CollectorDefinition, Host } from '../../receivers/node/collector.ts'
import { runCollectors } from '../../receivers/node/run_collectors.ts'
import { HostRoot } from '../../src/host/host_root.ts'
import { Emitter } from '../../src/telemetry/metrics/emitter.ts'
import { SeriesTable } from '../../src/telemetry/metrics/series_table.ts'
import { FakeClock } from './clock.ts'
import { samplesOf } from './samples.ts'
import { RecordedLog } from './settings.ts'

/** The recorded host: proc, sys, udev and root below it. */
export const recordedHost = resolve(import.meta.dirname, '../../receivers/node/testdata/host')

/** Folders with hundreds of files that few tests change: links to the recorded host until something below them is changed. */
const LINKED = recordedFolders('sys', ['class', 'fs', 'devices', 'bus']).filter(
  path => !['sys/class/net', 'sys/fs/xfs', 'sys/devices/system'].includes(path),
)

function recordedFolders(root: string, folders: string[]): string[] {
  return folders.flatMap(folder =>
    readdirSync(join(recordedHost, root, folder)).map(name => `${root}/${folder}/${name}`),
  )
}

/** A copy of the recorded host that a test may change; it is gone when the test ends. */
export function hostCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-host-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const linked = new Set(LINKED)
  const copy = (path: string) =>
    cpSync(join(recordedHost, path), join(folder, path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: from => !linked.has(relative(recordedHost, from)),
    })
  copy('')
  for (const path of linked) symlinkSync(join(recordedHost, path), join(folder, path))
  const own = (path: string) => {
    const link = [...linked].find(one => path === one || path.startsWith(`${one}/`))
    if (!link) return
    linked.delete(link)
    rmSync(join(folder, link))
    copy(link)
  }
  return {
    folder,
    write(path: string, text: string) {
      own(path)
      writeFileSync(join(folder, path), text)
    },
    remove(path: string) {
      own(path)
      rmSync(join(folder, path), { recursive: true })
    },
  }
}

/** One collector on a host tree: `collect` runs it once and tells what it wrote, its success and what was logged. */
export function collectorOn(
  definition: CollectorDefinition,
  folder: string,
  flags: object = {},
  clock = new FakeClock(),
) {
  const log = new RecordedLog()
  const [proc, sys, udev] = ['proc', 'sys', 'udev'].map(name => new HostRoot(join(folder, name)))
  const host: Host = { proc, sys, udev, rootfs: join(folder, 'root'), clock, log, enabled: new Set([definition.name]) }
  const collector = definition.create(definition.config.parse(flags), host)
  const emitter = new Emitter(new SeriesTable())
  const failures = new Map<string, string>()
  onTestFinished(() => collector.close?.())
  return {
    log,
    async collect(signal = new AbortController().signal) {
      for (const root of [proc, sys, udev]) root.nextTurn()
      emitter.begin(0)
      const ok = await runCollectors(new Map([[definition.name, collector]]), emitter, { clock, log, failures }, [
        signal,
      ])
      const all = samplesOf(emitter.finish({ receiver: 'node' }))
      const samples = Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('node_scrape_')))
      return { ok, samples }
    },
  }
}
