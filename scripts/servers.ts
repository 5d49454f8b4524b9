import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Debian package → the programs that tests run from it. One line adds a server. */
const packages: Record<string, string[]> = {
  prometheus: ['prometheus', 'promtool'],
  'docker.io': ['dockerd', 'docker'],
  containerd: ['containerd', 'containerd-shim-runc-v2'],
  runc: ['runc'],
}

const cache = process.env.MILLRACE_SERVERS ?? join(homedir(), '.cache/millrace-servers')
const lists = join(cache, 'apt')
const folders = ['usr/bin', 'usr/sbin']

/** A program and the environment it needs: one unpacked into the cache finds its libraries and companions there. */
export interface Program {
  path: string
  env: NodeJS.ProcessEnv
}

/** Where a server program is: installed by Debian's package, unpacked into the cache, or anywhere else on the PATH. */
export function findProgram(name: string): Program | undefined {
  const installed = folders.map(folder => join('/', folder, name)).find(path => existsSync(path))
  if (installed) return { path: installed, env: process.env }
  for (const root of unpackedRoots()) {
    const path = folders.map(folder => join(root, folder, name)).find(path => existsSync(path))
    if (path) return { path, env: cachedEnv() }
  }
  const elsewhere = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name))
  const path = elsewhere.find(path => existsSync(path))
  return path ? { path, env: process.env } : undefined
}

/** Gets every package of which a program is missing. Returns what could not be had: package → reason. */
export function obtainServers(): Map<string, string> {
  const missing = Object.keys(packages).filter(name => packages[name].some(program => !findProgram(program)))
  const failures = new Map<string, string>()
  if (missing.length === 0) return failures
  if (process.platform !== 'linux' || !run('apt-get', ['--version']).ok) {
    for (const name of missing) failures.set(name, 'no apt-get on this machine')
    return failures
  }
  if (mayInstall()) installPackages(missing)
  for (const name of missing) {
    if (packages[name].every(program => findProgram(program))) continue
    const reason = unpack(name)
    if (reason) failures.set(name, reason)
  }
  return failures
}

/** Only where the machine is meant for it: a test run must not change the machine of whoever cloned the project. */
function mayInstall(): boolean {
  return process.getuid?.() === 0 && (process.env.CI === 'true' || process.env.MILLRACE_INSTALL === '1')
}

function installPackages(names: string[]) {
  const install = ['install', '-y', '-q', '--no-install-recommends', ...names]
  if (run('apt-get', install).ok) return
  run('apt-get', ['update', '-q'])
  const { ok, text } = run('apt-get', install)
  if (!ok) process.stderr.write(`apt-get install ${names.join(' ')}: ${lastLine(text)}\n`)
}

/** Downloads a package with the libraries it needs that are not installed, and unpacks them; needs no root. */
function unpack(name: string): string | undefined {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, '.new-'))
  try {
    const needed = packagesToUnpack(name)
    const { ok, text } = run('apt-get', [...aptOptions(), 'download', ...needed], folder)
    if (!ok) return lastLine(text)
    for (const file of readdirSync(folder).filter(file => file.endsWith('.deb'))) {
      const { ok, text } = run('dpkg-deb', ['-x', file, 'root'], folder)
      if (!ok) return lastLine(text)
    }
    const target = join(cache, name)
    rmSync(target, { recursive: true, force: true })
    renameSync(join(folder, 'root'), target)
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function packagesToUnpack(name: string): string[] {
  const simulate = () => run('apt-get', [...aptOptions(), '-s', 'install', '--no-install-recommends', name])
  let { ok, text } = simulate()
  if (!ok) {
    updateLists()
    ;({ ok, text } = simulate())
  }
  if (!ok) throw new Error(lastLine(text))
  const installed = [...text.matchAll(/^Inst (\S+)/gm)].map(match => match[1])
  return [name, ...installed.filter(other => /^lib(?!js-)/.test(other))]
}

/** Package lists of our own, for who may not write the machine's. */
function updateLists() {
  for (const folder of ['lists/partial', 'archives/partial']) mkdirSync(join(lists, folder), { recursive: true })
  run('apt-get', [...aptOptions(), '-o', 'Acquire::http::Timeout=15', 'update', '-q'])
}

function aptOptions(): string[] {
  if (!existsSync(lists)) return []
  const settings = [`Dir::State::Lists=${lists}/lists`, `Dir::Cache=${lists}`, `Dir::Cache::Archives=${lists}/archives`]
  if (process.getuid?.() === 0) settings.push('APT::Sandbox::User=root')
  return settings.flatMap(setting => ['-o', setting])
}

function unpackedRoots(): string[] {
  return Object.keys(packages)
    .map(name => join(cache, name))
    .filter(root => existsSync(root))
}

function cachedEnv(): NodeJS.ProcessEnv {
  const roots = unpackedRoots()
  const programs = roots.flatMap(root => folders.map(folder => join(root, folder)))
  const libraries = roots.flatMap(root => [
    join(root, 'usr/lib/x86_64-linux-gnu'),
    join(root, 'usr/lib/aarch64-linux-gnu'),
  ])
  return {
    ...process.env,
    PATH: [...programs, process.env.PATH].join(delimiter),
    LD_LIBRARY_PATH: libraries.filter(folder => existsSync(folder)).join(delimiter),
  }
}

function run(program: string, args: string[], cwd?: string): { ok: boolean; text: string } {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: 'utf8' })
  return { ok: status === 0, text: error ? error.message : `${stdout}${stderr}` }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
