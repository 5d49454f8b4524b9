import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Dockerd, startDockerd } from '../support/servers/dockerd.ts'
import { describeWith } from '../support/servers/requires.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describeWith(['dockerd'], 'the container image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-image-'))
  let engine: Dockerd
  let container: string

  beforeAll(async () => {
    engine = await startDockerd()
    await engine.docker(['import', baseImage(folder), 'millrace-base'])
    await engine.docker(['build', '--network=host', '--build-arg', 'BASE=millrace-base', '-t', 'millrace', root])
    container = (await engine.docker(['run', '-d', '--network', 'host', 'millrace'])).trim()
  })
  afterAll(async () => {
    await engine?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('becomes healthy with the config that it carries', async () => {
    await vi.waitFor(async () => expect(await status('http://127.0.0.1:13133/health')).toBe(200), {
      timeout: 20_000,
      interval: 200,
    })
  })

  test('serves the metrics of the host', async () => {
    const page = await (await fetch('http://127.0.0.1:9464/metrics')).text()
    expect(page).toMatch(/^node_cpu_seconds_total\{/m)
  })

  test('runs as a user without rights and may write to its own folder', async () => {
    const look = 'fs.writeFileSync("/var/lib/millrace/x", ""); console.log(process.getuid(), process.getgid())'
    expect(await engine.docker(['exec', container, 'node', '-e', look])).toBe('65532 65532\n')
  })

  test('says it is healthy by its own probe', async () => {
    const probe = JSON.parse(await engine.docker(['inspect', '-f', '{{json .Config.Healthcheck.Test}}', container]))
    await expect(engine.docker(['exec', container, ...probe.slice(1)])).resolves.toBe('')
  })

  test('drains and ends with 0 when it is stopped', async () => {
    await engine.docker(['stop', '--time', '8', container])
    expect(await engine.docker(['inspect', '-f', '{{.State.ExitCode}}', container])).toBe('0\n')
  })
})

async function status(url: string): Promise<number> {
  const response = await fetch(url)
  await response.arrayBuffer()
  return response.status
}

/** A tar of the least that a base must have: this machine's C libraries, where no image can be pulled. */
function baseImage(folder: string): string {
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/\S+/g) ?? []
  const base = join(folder, 'base')
  for (const path of libraries) {
    mkdirSync(join(base, dirname(path)), { recursive: true })
    copyFileSync(path, join(base, path))
  }
  const tar = join(folder, 'base.tar')
  execFileSync('tar', ['-C', base, '-cf', tar, '.'])
  return tar
}
