import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderOf, referencePages, stalePages, yamlBlocks } from '../scripts/reference_pages.ts'
import type { Components, Definition } from '../src/component/define.ts'
import { KINDS } from '../src/component/types.ts'
import { loadComponents } from '../src/components.ts'
import { formatProblem } from '../src/config/problems.ts'
import { version } from '../src/version.ts'
import { loadExample } from './support/complete_example.ts'

const components = await loadComponents()

const root = resolve(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const all = KINDS.flatMap((kind): Definition[] => [...components[kind].values()])
const folders = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'].flatMap(kind =>
  readdirSync(join(root, kind), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => `${kind}/${name}`),
)

describe('npm run docs', () => {
  const pages = referencePages(root, components)

  test.each([...pages.keys()])('would change nothing in %s', path => {
    expect(existsSync(join(root, path)) ? read(path) : 'not there: run npm run docs').toBe(pages.get(path))
  })

  test('would remove nothing', () => {
    expect(stalePages(root, pages)).toEqual([])
  })

  test('refuses a page without its markers', () => {
    expect(() => referencePages(join(root, 'test'), components)).toThrow(/ lacks the lines <!-- \w+:start --> and /)
  })
})

describe.each(folders)('%s', folder => {
  const files = readdirSync(join(root, folder))

  test('is registered under its name', () => {
    expect(all.map(folderOf)).toContain(folder)
  })

  test('has a README with its type as title, and a test', () => {
    expect(files).toContain('README.md')
    expect(read(`${folder}/README.md`).split('\n', 1)[0]).toBe(`# ${folder.split('/')[1]}`)
    expect(files.filter(file => file.endsWith('.test.ts'))).not.toEqual([])
  })

  test('has an example', () => {
    expect(yamlBlocks(read(`${folder}/README.md`))).not.toEqual([])
  })
})

test('every component has a folder', () => {
  expect(all.map(folderOf).filter(folder => !folders.includes(folder))).toEqual([])
})

const everySetting = all.flatMap(definition => {
  const table = referencePages(root, components).get(`docs/reference/${folderOf(definition)}.md`) ?? ''
  return table.split('\n').filter(line => line.startsWith('| `'))
})

test('every setting has a description', () => {
  const sections = /^\| `[^`]+` \| (section|list of section|name: section) \|/
  expect(everySetting.filter(line => / \| {2}\|$/.test(line) && !sections.test(line))).toEqual([])
})

const documents = ['README.md', 'docs/reference/configuration.md', ...folders.map(folder => `${folder}/README.md`)]
const examples = documents
  .filter(path => existsSync(join(root, path)))
  .flatMap(path => yamlBlocks(read(path)).map((text, i) => ({ name: `${path} (${i + 1})`, text })))
const problemsOf = (name: string, text: string, known: Components = components) =>
  loadExample(name, text, known).problems.map(formatProblem)

describe('an example', () => {
  test.each(examples)('of $name is accepted', ({ name, text }) => {
    expect(problemsOf(name, text)).toEqual([])
  })

  test('with a mistake is refused', () => {
    expect(problemsOf('x', 'exporters: {debug: {verbosty: basic}}')).toEqual([
      'x:1:21 exporters.debug.verbosty: unknown key, did you mean "verbosity"?',
    ])
    expect(problemsOf('x', 'receivers: {nod: }')).toContain(
      'x:1:13 receivers.nod: unknown receiver "nod", did you mean "node"?',
    )
  })
})

test('the version is that of the package', () => {
  expect(version).toBe(JSON.parse(read('package.json')).version)
})
