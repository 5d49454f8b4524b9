// node test/peers/build.mjs [name …]: builds the peers that are not in the cache yet. Needs Go, no package and no newer Node.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { locked } from '../../scripts/lock.mjs'

const cache = process.env.MILLRACE_PEERS ?? join(homedir(), '.cache/millrace-peers')

/**
 * Programs of other projects that are compiled from their published modules. Those with `onRequest` take many minutes and are
 * built only where their name is given.
 * @type {Record<string, { version: string, programs: string[], onRequest?: boolean, build(out: string, work: string): void }>}
 */
const peers = {
  node_exporter: {
    version: '1.12.1',
    programs: ['node_exporter'],
    build(out, work) {
      go(['install', 'github.com/prometheus/node_exporter@v1.12.1'], work, { GOBIN: out })
    },
  },
  telemetrygen: {
    version: '0.161.0',
    programs: ['telemetrygen'],
    build(out, work) {
      go(['install', 'github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0'], work, {
        GOBIN: out,
      })
    },
  },
  // Its module is numbered 0.<major><minor>.<patch>. Built without the pages of its own UI.
  prometheus: {
    version: '3.15.0',
    programs: ['prometheus', 'promtool'],
    build(out, work) {
      const source = copyModule('github.com/prometheus/prometheus@v0.315.0', work)
      go(['build', '-o', `${out}/`, './cmd/prometheus', './cmd/promtool'], source, { CGO_ENABLED: '0' })
    },
  },
  // The OpenTelemetry Collector with the components of otelcol/builder.yaml: nine minutes of CPU. `go mod tidy` would ask for
  // modules of tests that the proxy lacks, so the sources are generated and go.mod is given.
  otelcol: {
    version: '0.155.0',
    programs: ['otelcol-peer'],
    onRequest: true,
    build(out, work) {
      const given = fileURLToPath(new URL('otelcol/', import.meta.url))
      cpSync(given, work, { recursive: true })
      go(['install', 'go.opentelemetry.io/collector/cmd/builder@v0.155.0'], work, { GOBIN: work })
      const args = ['--config', 'builder.yaml', '--skip-get-modules', '--skip-compilation']
      const { status } = spawnSync(join(work, 'builder'), args, { cwd: work, stdio: ['ignore', 'ignore', 2] })
      if (status !== 0) throw new Error(`builder ended with ${status}`)
      const source = join(work, 'build-otelcol-peer')
      for (const name of ['go.mod', 'go.sum']) cpSync(join(given, `${name}.txt`), join(source, name))
      const flags = ['-mod=mod', '-trimpath', '-ldflags=-s -w']
      go(['build', ...flags, '-o', join(out, 'otelcol-peer'), '.'], source, { CGO_ENABLED: '0', GOTOOLCHAIN: 'local' })
    },
  },
}

/**
 * Where the programs of a peer are once they are built.
 * @param {string} name
 * @returns {{ name: string, version: string, folder: string, programs: string[], built: boolean }}
 */
export function locate(name) {
  const peer = peers[name]
  if (!peer) throw new Error(`no peer is called ${name}; there are ${Object.keys(peers).join(', ')}`)
  const { version, programs } = peer
  const folder = join(cache, `${name}-${version}`)
  return { name, version, folder, programs, built: programs.every(program => existsSync(join(folder, program))) }
}

/**
 * Builds a peer in a folder of its own and moves it into the cache whole. Waits where another process builds it already.
 * @param {string} name
 */
export function build(name) {
  if (locate(name).built) return
  mkdirSync(cache, { recursive: true })
  locked(join(cache, `.lock-${name}`), () => {
    if (!locate(name).built) buildAside(name)
  })
}

function buildAside(name) {
  const work = mkdtempSync(join(cache, `.build-${name}-`))
  try {
    process.stderr.write(`building ${name} ${peers[name].version}\n`)
    const out = join(work, 'out')
    mkdirSync(out)
    peers[name].build(out, work)
    const { folder } = locate(name)
    rmSync(folder, { recursive: true, force: true })
    renameSync(out, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Modules in Go's own cache are read-only, and some builds write beside their sources. */
function copyModule(module, work) {
  const { Dir } = JSON.parse(go(['mod', 'download', '-json', module], work))
  const source = join(work, 'source')
  cpSync(Dir, source, { recursive: true })
  const { status } = spawnSync('chmod', ['-R', 'u+w', source])
  if (status !== 0) throw new Error(`chmod ${source} failed`)
  return source
}

function go(args, cwd, env = {}) {
  const { status, stdout, error } = spawnSync('go', args, {
    cwd,
    env: { ...process.env, GOWORK: 'off', GOFLAGS: '', ...env },
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
  })
  if (error?.code === 'ENOENT') throw new Error('no Go on this machine')
  if (error) throw error
  if (status !== 0) throw new Error(`go ${args.join(' ')} ended with ${status}`)
  return stdout
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const byDefault = Object.keys(peers).filter(name => !peers[name].onRequest)
  const names = process.argv.length > 2 ? process.argv.slice(2) : byDefault
  for (const name of names) {
    try {
      build(name)
      process.stdout.write(`${name} ${locate(name).version}: ${locate(name).folder}\n`)
    } catch (error) {
      process.stderr.write(`${name}: ${error.message}\n`)
      process.exitCode = 1
    }
  }
}
