// npm run docs: writes docs/reference and the generated parts of the README files.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadComponents } from '../src/components.ts'
import { referencePages, stalePages } from './reference_pages.ts'
import { root } from './setup.mjs'

const components = await loadComponents()

const pages = referencePages(root, components)
for (const [path, text] of pages) {
  const file = join(root, path)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  process.stdout.write(`wrote ${path}\n`)
}
for (const path of stalePages(root, pages)) {
  rmSync(join(root, path))
  process.stdout.write(`removed ${path}\n`)
}
