import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const COMPONENT_FOLDERS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions']
const CODE_FOLDERS = [...COMPONENT_FOLDERS, 'src']

interface Source {
  path: string
  text: string
  /** Paths from the root of what it imports from this project. */
  imports: string[]
}

function sources(): Source[] {
  return CODE_FOLDERS.flatMap(folder => [...filesIn(folder)]).map(read)
}

/** Own code only: neither testdata nor what links lead to; recorded trees of /sys have circles. */
function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name !== 'testdata') yield* filesIn(path)
    else if (entry.isFile() && entry.name.endsWith('.ts')) yield path
  }
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)
  const imports = [...found].map(([, target]) => relative(root, resolve(root, dirname(path), target)))
  return { path, text, imports }
}

const all = sources()
const shipped = all.filter(({ path }) => !path.endsWith('.test.ts'))
const folderOf = (path: string): string => path.split(sep).slice(0, 2).join('/')
const isComponent = (path: string): boolean => COMPONENT_FOLDERS.includes(path.split(sep)[0])
const violations = (list: Source[], wrong: (source: Source, target: string) => boolean): string[] =>
  list.flatMap(source =>
    source.imports.filter(target => wrong(source, target)).map(target => `${source.path} imports ${target}`),
  )

describe('imports go one way', () => {
  test('the check reads the whole tree and sees imports', () => {
    expect(shipped.length).toBeGreaterThan(40)
    expect(
      violations(shipped, (source, target) => source.path === 'src/components.ts' && isComponent(target)),
    ).toHaveLength(5)
  })

  test('src imports no component folder, except its composition root', () => {
    const src = shipped.filter(({ path }) => path.startsWith('src') && path !== 'src/components.ts')
    expect(violations(src, (_, target) => isComponent(target))).toEqual([])
  })

  test('nothing but the command line imports the composition root', () => {
    const others = shipped.filter(({ path }) => !path.startsWith('src/cli') && path !== 'src/main.ts')
    expect(violations(others, (_, target) => target === 'src/components.ts')).toEqual([])
  })

  test('a component imports no other component', () => {
    const components = shipped.filter(({ path }) => isComponent(path) && !path.endsWith('registry.ts'))
    expect(
      violations(components, (source, target) => isComponent(target) && folderOf(target) !== folderOf(source.path)),
    ).toEqual([])
  })

  test('what ships imports nothing from the tests', () => {
    expect(violations(shipped, (_, target) => target.startsWith('test') || target.endsWith('.test.ts'))).toEqual([])
  })

  test.each([
    ['src/telemetry', ['src/telemetry', 'src/component/admission.ts']],
    ['src/component', ['src/component', 'src/telemetry']],
    ['src/prometheus', ['src/prometheus', 'src/telemetry', 'src/component', 'src/net', 'src/config']],
  ])('%s knows only what it stands on', (folder, allowed) => {
    const own = shipped.filter(({ path }) => path.startsWith(`${folder}/`))
    expect(violations(own, (_, target) => !allowed.some(prefix => target.startsWith(prefix)))).toEqual([])
  })

  test('the preload imports nothing of the agent', () => {
    const preload = shipped.filter(({ path }) => path.startsWith('src/preload/'))
    expect(violations(preload, (_, target) => !target.startsWith('src/preload/'))).toEqual([])
  })
})

describe('house rules', () => {
  const offenders = (pattern: RegExp): string[] =>
    shipped.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line}`] : [])),
    )

  test('no module keeps state in a variable of its own', () => {
    expect(offenders(/^(export )?(let|var) /)).toEqual([])
  })

  test('no file is named after nothing', () => {
    const empty = /(^|[_/])(manager|utils?|helpers?|common|misc|data2)(\.|_|\/)/
    expect(shipped.map(({ path }) => path).filter(path => empty.test(path))).toEqual([])
  })

  test('folders and files are lower_snake', () => {
    expect(all.map(({ path }) => path).filter(path => !/^[a-z0-9_/.]+$/.test(path))).toEqual([])
  })

  test('types are not switched off', () => {
    expect(offenders(/@ts-(ignore|nocheck|expect-error)|\bas any\b|: any\b/)).toEqual([])
  })

  test('retry is written once', () => {
    const exporters = all.filter(({ path }) => path.startsWith('exporters/'))
    expect(
      exporters.filter(({ text }) => /\bbackoff|maxRetries|retryCount\b/i.test(text)).map(({ path }) => path),
    ).toEqual([])
  })
})
