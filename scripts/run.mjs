// node scripts/run.mjs <file.ts> [arguments]: runs a source file with the pinned Node, after set-up.
import { becomeNode } from './node.mjs'
import { setUp } from './setup.mjs'

setUp()
becomeNode(process.argv.slice(2))
