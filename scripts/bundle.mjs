import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { root } from './setup.mjs'

const dist = join(root, 'dist')
const report = join(dist, 'meta.json')
const entry = join(dist, 'entry.mjs')

/** Bundle name → source. One whose source is not there is left out. */
const entries = {
  'millrace-main': 'src/main.ts',
  fs_child: 'src/host/fs_child.ts',
  bcrypt_worker: 'extensions/basic_auth/bcrypt_worker.ts',
  register: 'src/preload/register.ts',
}

/** What the bundle is made of; a change in any of it makes the bundle stale. */
const sources = [
  'src',
  'receivers',
  'processors',
  'exporters',
  'connectors',
  'extensions',
  'scripts',
  'package.json',
  'package-lock.json',
]

// CommonJS packages inside an ES module call require() for Node's own modules.
const banner = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`

/** zod carries its messages in 50 languages, of which one is used: 300 kB of the bundle, 1 MB of the agent's memory. */
const oneLocale = {
  name: 'one locale',
  setup(build) {
    const contents = "export { default as en } from './en.js'"
    build.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents }))
  },
}

/**
 * An `import` of node:http reads all that it exports, WebSocket too, for which Node then loads all of undici: 30 ms of CPU
 * and 4 MB. Taken as the CommonJS module that it is, only what is used is read.
 */
const plainHttp = {
  name: 'plain http',
  setup(build) {
    const filter = /^node:https?$/
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'built-in' }))
    build.onLoad({ filter, namespace: 'built-in' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }))
  },
}

/** Whether `dist/` is missing or older than what it is made of. */
export function isStale() {
  const built = modified(report)
  return !built || !existsSync(entry) || sources.some(source => isNewer(join(root, source), built))
}

/** Writes `dist/`: the bundles, split at every `import()`, the entry and `meta.json`. Returns the files written. */
export async function bundle() {
  const { build } = await import('esbuild')
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(join(root, source)))),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: banner },
    plugins: [oneLocale, plainHttp],
    sourcemap: 'linked',
    sourcesContent: false,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  })
  const files = outputFiles.map(({ path, contents }) => ({ path, contents }))
  files.push({ path: entry, contents: readFileSync(join(root, 'scripts/entry.mjs')) })
  files.push({ path: report, contents: Buffer.from(JSON.stringify(metafile)) })
  for (const { path, contents } of files) replace(path, contents)
  chmodSync(entry, 0o755)
  removeOthers(new Set(files.map(file => file.path)))
  return files.map(({ path, contents }) => ({ path: relative(root, path), sizeBytes: contents.length }))
}

/** For scripts that a person runs: ends the process when the sources do not build; esbuild has said where. */
export async function bundleOrExit() {
  return bundle().catch(error => {
    if (!error.errors) throw error
    return process.exit(1)
  })
}

/** Whoever reads the file sees the old or the new one, whole. */
function replace(path, contents) {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, contents)
  renameSync(temporary, path)
}

function removeOthers(kept) {
  for (const file of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name)
    if (file.isFile() && !kept.has(path)) rmSync(path, { force: true })
  }
}

/** A folder counts too: its time moves when a file in it is removed. */
function isNewer(path, time) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat || isTest(path)) return false
  if (stat.mtimeMs > time) return true
  return stat.isDirectory() && readdirSync(path).some(name => isNewer(join(path, name), time))
}

function isTest(path) {
  return path.endsWith('.test.ts') || basename(path) === 'testdata'
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
