import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { Definition } from '../../src/component/define.ts'

const root = resolve(import.meta.dirname, '../..')

/** The settings that the first YAML block of the component's README gives it. */
export function readmeExample({ kind, type }: Definition): unknown {
  const readme = readFileSync(join(root, `${kind}s`, type, 'README.md'), 'utf8')
  const block = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1]
  if (!block) throw new Error(`${kind}s/${type}/README.md has no \`\`\`yaml block`)
  const section = parse(block)?.[`${kind}s`] ?? {}
  const id = Object.keys(section).find(key => key.split('/')[0] === type)
  if (!id) throw new Error(`the first example of ${kind}s/${type}/README.md has no ${type} under ${kind}s`)
  return section[id] ?? {}
}
