// Runs on Node 20 without any package: it is what installs them.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { locked } from './lock.mjs'

/** The checkout's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const modules = join(root, 'node_modules')
const stamp = join(modules, '.millrace-stamp')

// Packages ask for a newer Node than this one may be; the one that is installed with them is.
const quiet = ['--no-engine-strict', '--loglevel=error', '--no-audit', '--no-fund']

/** Installs the packages when `node_modules` is missing or not what `package-lock.json` says. Takes milliseconds when it is. */
export function setUp() {
  if (isCurrent()) return
  locked(join(root, '.setup.lock'), () => {
    if (isCurrent()) return
    if (!installedMatches()) install()
    if (!pinnedNode()) fetchNode()
    writeFileSync(stamp, wanted())
  })
}

/** The Node that runs the agent and its tests: the pinned package's, else this process's where it is new enough. */
export function nodePath() {
  const node = pinnedNode() ?? (Number.parseInt(process.versions.node, 10) >= 24 ? process.execPath : undefined)
  if (!node)
    throw new Error('no Node 24 or newer: the npm package `node` has no binary for this platform; install Node 24')
  return node
}

/** An environment in which `node` and the tools of `node_modules/.bin` are the pinned ones. */
export function toolEnv() {
  const path = [dirname(nodePath()), join(modules, '.bin'), process.env.PATH].join(delimiter)
  return { ...process.env, PATH: path }
}

function pinnedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  const binary = `${prefix}-${platform}-${process.arch}/bin/node${platform === 'win' ? '.exe' : ''}`
  return [join(modules, 'node/bin/node'), join(modules, 'node/node_modules', binary), join(modules, binary)].find(
    path => existsSync(path),
  )
}

/** The package `node` gets its binary in an install script; where scripts are off, run that one. */
function fetchNode() {
  const folder = join(modules, 'node')
  if (existsSync(folder)) run(process.execPath, ['installArchSpecificPackage'], folder)
}

function install() {
  const command = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install'
  process.stderr.write(`millrace: npm ${command}\n`)
  run('npm', [command, '--include=dev', '--include=optional', ...quiet], root)
}

function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, {
    cwd,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}`)
}

function isCurrent() {
  return readText(stamp) === wanted()
}

/** What the stamp must hold: a digest of the lockfile, or of package.json where there is none. */
function wanted() {
  const text = readText(join(root, 'package-lock.json')) ?? readText(join(root, 'package.json')) ?? ''
  return createHash('sha256').update(text).digest('hex')
}

/** Whether npm has already installed, by whichever command, exactly the versions of the lockfile. */
function installedMatches() {
  const wished = readText(join(root, 'package-lock.json'))
  const present = readText(join(modules, '.package-lock.json'))
  if (!wished || !present) return false
  const there = JSON.parse(present).packages
  return Object.entries(JSON.parse(wished).packages).every(
    ([path, { version, optional }]) => path === '' || (there[path] ? there[path].version === version : optional),
  )
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
