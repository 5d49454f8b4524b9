// npm start [-- arguments]: sets up, bundles when the sources are newer than the bundle, and becomes the agent.
import { join } from 'node:path'
import { bundleOrExit, isStale } from './bundle.mjs'
import { becomeNode } from './node.mjs'
import { root, setUp } from './setup.mjs'

setUp()
if (isStale()) await bundleOrExit()
becomeNode([join(root, 'dist/entry.mjs'), ...process.argv.slice(2)])
