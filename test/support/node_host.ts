import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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

/** In memory where the machine has such a place: a thousand small files a copy. */
const copies = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A copy of the recorded host that a test may change; it is gone when the test ends. */
export function hostCopy() {
  const folder = mkdtempSync(join(copies, 'millrace-host-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  execFileSync('cp', ['-a', `${recordedHost}/.`, folder])
  return {
    folder,
    write: (path: string, text: string) => writeFileSync(join(folder, path), text),
    remove: (path: string) => rmSync(join(folder, path), { recursive: true }),
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
